using System.Text;
using System.Text.Json.Nodes;
using MedCor.Contracts;

namespace MedCor.Tests.Architecture.Deployment;

/// <summary>Tests that what is published for images contains no demo data: accounts whose password everybody can read.</summary>
public sealed class ImageTests
{
    private const string DemoPassword = "Demo-Medcor-2026";

    private const string Identity = "services/Identity/MedCor.Identity.csproj";
    private const string Gateway = "gateway/MedCor.Gateway.csproj";

    public static TheoryData<string> Projects => [.. ServiceCatalogue.All.Select(s => $"services/{s.ProjectName}/MedCor.{s.ProjectName}.csproj"), Gateway];

    [Theory]
    [InlineData(Identity)]
    [InlineData(Gateway)]
    public async Task What_is_published_has_no_demo_accounts(string project)
    {
        var directory = Directory.CreateTempSubdirectory("medcor-publish-");
        try
        {
            var published = Path.Combine(directory.FullName, "app");
            // Not compiled ahead, as images are: that would only take longer.
            await DotNet("publish", PathOf(project), "-r", "linux-x64", "--no-self-contained", "-p:PublishReadyToRun=false", "--artifacts-path",
                directory.FullName, "-o", published);

            Assert.True(File.Exists(Path.Combine(published, Path.GetFileNameWithoutExtension(project) + ".dll")));
            Assert.False(File.Exists(Path.Combine(published, "MedCor.DemoData.dll")));
            // Strings are in UTF-16 where code has them, and in UTF-8 where attributes and resources do.
            Assert.DoesNotContain(Directory.GetFiles(published, "*.dll").Select(File.ReadAllBytes), dll =>
                dll.AsSpan().IndexOf(Encoding.Unicode.GetBytes(DemoPassword)) >= 0 || dll.AsSpan().IndexOf(Encoding.UTF8.GetBytes(DemoPassword)) >= 0);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    [Theory, MemberData(nameof(Projects))]
    public async Task No_image_is_built_with_demo_data(string project)
    {
        var items = JsonNode.Parse(await DotNet("msbuild", PathOf(project), "-p:RuntimeIdentifier=linux-x64", "-getItem:Compile",
            "-getItem:ProjectReference"))!["Items"]!;

        Assert.NotEmpty(items["Compile"]!.AsArray());
        Assert.DoesNotContain(items["ProjectReference"]!.AsArray(), reference => (string?)reference!["Filename"] == "MedCor.DemoData");
        Assert.DoesNotContain(items["Compile"]!.AsArray(),
            file => File.ReadAllText((string)file!["FullPath"]!).Contains("MedCor.DemoData", StringComparison.Ordinal));
    }

    private static string PathOf(string project) => Path.Combine(MedCorFixture.RepositoryRoot(), project);

    private static Task<string> DotNet(params string[] arguments) => ChildProcess.RunSuccessfully(new("dotnet", arguments));
}
