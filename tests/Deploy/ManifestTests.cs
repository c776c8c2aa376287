using System.Diagnostics;
using System.Text.Json.Nodes;
using MedCor.Tests.EndToEnd;

namespace MedCor.Tests.Deploy;

/// <summary>The application model, as Aspire publishes it, says the same as <c>deploy/</c>: which workloads there are, and what each is told.</summary>
public sealed class ManifestTests
{
    private static readonly Lazy<Task<JsonObject>> Resources = new(Publish);

    [OverlayTheory, EveryOverlay]
    public async Task Every_project_of_the_model_is_a_workload_and_every_workload_that_serves_is_in_the_model(string overlay)
    {
        var model = await Resources.Value;

        Assert.Equal(Projects(model).Select(p => p.Name).Order(), Overlay.Of(overlay).Apps.Select(a => a.Service!).Order());
        // The engines of the cluster keep one database for each of the model's.
        Assert.Equal(
            model.Where(r => r.Value!.Text("type") == "value.v0" && r.Value!.Text("connectionString")!.StartsWith("{postgres.", StringComparison.Ordinal)).Select(r => r.Key[..^2]).Order(),
            Overlay.Of(overlay).Kind("Cluster").Select(c => c.Text("metadata.name")!.Split('-')[0]).Order());
    }

    [OverlayTheory, EveryOverlay]
    public async Task Every_workload_has_the_connections_of_the_model_and_no_others(string overlay)
    {
        foreach (var (name, environment) in Projects(await Resources.Value))
            Assert.Equal(Named(environment.Select(v => v.Key), "ConnectionStrings__"), Named(Variables(overlay, name), "ConnectionStrings__"));
    }

    [OverlayTheory, EveryOverlay]
    public async Task Every_workload_knows_the_services_that_the_model_refers_it_to_and_no_others(string overlay)
    {
        foreach (var (name, environment) in Projects(await Resources.Value))
        {
            Assert.Equal(Named(environment.Select(v => v.Key), "services__"), Named(Variables(overlay, name), "services__"));
            Assert.All(environment.Where(v => v.Key.StartsWith("services__", StringComparison.Ordinal)), v => Assert.Equal($"{{{v.Key.Split("__")[1]}.bindings.http.url}}", (string?)v.Value));
        }
    }

    [Fact]
    public async Task The_gateway_alone_can_be_reached_from_outside_and_nobody_trusts_whoever_says_to_be_a_proxy()
    {
        var model = await Resources.Value;

        Assert.Equal(["gateway"], model.Where(r => (bool?)r.Value!.At("bindings.http.external") == true).Select(r => r.Key));
        Assert.All(Projects(model), p => Assert.DoesNotContain("ASPNETCORE_FORWARDEDHEADERS_ENABLED", p.Environment));
    }

    [Fact]
    public async Task What_is_published_has_no_demo_model_and_no_value_of_a_secret()
    {
        var model = await Resources.Value;

        Assert.DoesNotContain("model", model);
        Assert.All(model.Where(r => r.Value!.Text("type") == "parameter.v0"), r => Assert.True((bool?)r.Value!.At("inputs.value.secret"), r.Key));
    }

    private static IEnumerable<(string Name, JsonObject Environment)> Projects(JsonObject model) =>
        model.Where(r => r.Value!.Text("type") == "project.v0").Select(r => (r.Key, (JsonObject)r.Value!["env"]!));

    private static IEnumerable<string> Variables(string overlay, string service) =>
        Overlay.Of(overlay).Apps.Single(a => a.Service == service).Containers.Single().Items("env").Select(e => e.Text("name")!);

    private static IEnumerable<string> Named(IEnumerable<string> variables, string prefix) => variables.Where(v => v.StartsWith(prefix, StringComparison.Ordinal)).Order();

    private static async Task<JsonObject> Publish()
    {
        var directory = Directory.CreateTempSubdirectory("medcor-manifest-");
        var file = Path.Combine(directory.FullName, "manifest.json");
        using var host = Process.Start(new ProcessStartInfo("dotnet", [RunningHouse.Host(), "--operation", "publish", "--publisher", "manifest", "--output-path", file])
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
            // Of the environment of whoever publishes, nothing gets into it.
            Environment = { ["MCP_SERVER_TOKEN"] = "a-token-of-the-publisher" },
        })!;
        var said = await Task.WhenAll(host.StandardOutput.ReadToEndAsync(), host.StandardError.ReadToEndAsync());
        await host.WaitForExitAsync();
        Assert.True(host.ExitCode == 0, string.Concat(said));
        var manifest = await File.ReadAllTextAsync(file);
        directory.Delete(recursive: true);
        Assert.DoesNotContain("a-token-of-the-publisher", manifest, StringComparison.Ordinal);
        return (JsonObject)JsonNode.Parse(manifest)!["resources"]!;
    }
}
