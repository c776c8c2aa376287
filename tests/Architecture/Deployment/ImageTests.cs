using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using MedCor.Contracts;

namespace MedCor.Tests.Architecture.Deployment;

/// <summary>Tests that what is published for images contains no demo data: accounts whose password everybody can read.</summary>
public sealed class ImageTests
{
    private const string DemoPassword = "Demo-Medcor-2026";

    public static TheoryData<string> Services => [.. ServiceCatalogue.All.Select(s => s.ProjectName)];

    [Fact]
    public async Task The_published_Identity_has_no_demo_accounts()
    {
        var directory = Directory.CreateTempSubdirectory("medcor-publish-");
        try
        {
            var published = Path.Combine(directory.FullName, "app");
            // Not compiled ahead, as images are: that would only take longer.
            await DotNet("publish", ProjectOf("Identity"), "-r", "linux-x64", "--no-self-contained", "-p:PublishReadyToRun=false", "--artifacts-path", directory.FullName, "-o", published);

            Assert.True(File.Exists(Path.Combine(published, "MedCor.Identity.dll")));
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

    [Theory, MemberData(nameof(Services))]
    public async Task No_image_of_a_service_is_built_with_demo_data(string service)
    {
        var items = JsonNode.Parse(await DotNet("msbuild", ProjectOf(service), "-p:RuntimeIdentifier=linux-x64", "-getItem:Compile", "-getItem:ProjectReference"))!["Items"]!;

        Assert.NotEmpty(items["Compile"]!.AsArray());
        Assert.DoesNotContain(items["ProjectReference"]!.AsArray(), reference => (string?)reference!["Filename"] == "MedCor.DemoData");
        Assert.DoesNotContain(items["Compile"]!.AsArray(), file => ((string)file!["Filename"]!).Contains("Demo", StringComparison.Ordinal));
    }

    private static string ProjectOf(string service) => Path.Combine(MedCorFixture.RepositoryRoot(), "services", service, $"MedCor.{service}.csproj");

    private static async Task<string> DotNet(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("dotnet", arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var said = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, string.Concat(said));
        return said[0];
    }
}
