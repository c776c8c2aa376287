using MedCor.Contracts;

namespace MedCor.Tests.Architecture.Deployment;

/// <summary>Tests that the script that publishes a version covers all of it. It was never run: there was no registry.</summary>
public sealed class PublishTests
{
    private static readonly string Root = MedCorFixture.RepositoryRoot();
    private static readonly string Script = File.ReadAllText(Path.Combine(Root, "deploy/publish"));

    [Fact]
    public void Every_image_is_published_with_a_bill_of_materials_and_a_signature_of_its_digest()
    {
        var published = Script.Split("for project in ")[1].Split(';')[0].Split(' ');

        Assert.Equal(ServiceCatalogue.All.Select(s => $"services/{s.ProjectName}").Append("gateway").Order(StringComparer.Ordinal),
            published.Order(StringComparer.Ordinal));
        foreach (var command in (string[])["cosign sign", "cosign attest"])
            Assert.Contains(Script.Split('\n'),
                line => line.Contains(command, StringComparison.Ordinal) && line.EndsWith("@$digest\"", StringComparison.Ordinal));
        Assert.Contains("dotnet CycloneDX", Script, StringComparison.Ordinal);
        Assert.Contains("cyclonedx", File.ReadAllText(Path.Combine(Root, ".config/dotnet-tools.json")), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_image_of_the_release_can_be_pinned()
    {
        var release = File.ReadAllText(Path.Combine(Root, "deploy/components/release/kustomization.yaml"));

        Assert.All(ServiceCatalogue.All.Select(s => s.Name).Append("gateway"),
            name => Assert.Matches($@"(?m)^- \{{name: medcor/{name}, newTag: [^,}}]+(, digest: sha256:[0-9a-f]{{64}})?\}}$", release));
    }
}
