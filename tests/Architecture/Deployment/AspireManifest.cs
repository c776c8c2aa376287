using System.Text.Json.Nodes;

namespace MedCor.Tests.Architecture.Deployment;

/// <summary>Reads the application model as Aspire publishes it.</summary>
internal static class AspireManifest
{
    private static readonly Lazy<Task<JsonObject>> Published = new(Publish);

    public static Task<JsonObject> Resources => Published.Value;

    /// <summary>Returns which project receives the addresses of which service, as <c>chat -> billing</c>.</summary>
    public static async Task<IEnumerable<string>> References() =>
        from project in Projects(await Resources)
        from variable in project.Environment
        let parts = variable.Key.Split("__")
        where parts is ["services", _, _, "0"]
        select $"{project.Name} -> {parts[1]}";

    public static IEnumerable<(string Name, JsonObject Environment)> Projects(JsonObject model) =>
        model.Where(r => r.Value!.Text("type") == "project.v0").Select(r => (r.Key, (JsonObject)r.Value!["env"]!));

    private static async Task<JsonObject> Publish()
    {
        var directory = Directory.CreateTempSubdirectory("medcor-manifest-");
        var file = Path.Combine(directory.FullName, "manifest.json");
        await ChildProcess.RunSuccessfully(
            new("dotnet", [MedCorFixture.FindHostAssembly(), "--operation", "publish", "--publisher", "manifest", "--output-path", file])
            {
                // Nothing of the publisher's environment may reach the manifest.
                Environment = { ["MCP_SERVER_TOKEN"] = "a-token-of-the-publisher" },
            });
        var manifest = await File.ReadAllTextAsync(file);
        directory.Delete(recursive: true);
        Assert.DoesNotContain("a-token-of-the-publisher", manifest, StringComparison.Ordinal);
        return (JsonObject)JsonNode.Parse(manifest)!["resources"]!;
    }
}
