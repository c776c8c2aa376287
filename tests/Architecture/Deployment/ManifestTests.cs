using System.Text.Json.Nodes;

namespace MedCor.Tests.Architecture.Deployment;

/// <summary>Tests that the application model, as Aspire publishes it, matches <c>deploy/</c>: the same workloads, with the same configuration.</summary>
public sealed class ManifestTests
{
    [OverlayTheory, EveryOverlay]
    public async Task Every_project_of_the_model_is_a_workload_and_every_workload_that_serves_is_in_the_model(string overlay)
    {
        var model = await AspireManifest.Resources;

        Assert.Equal(AspireManifest.Projects(model).Select(p => p.Name).Order(), Overlay.Get(overlay).Services.Select(a => a.Service!).Order());
        // The database clusters hold one database for each of the model's.
        Assert.Equal(
            model.Where(r => r.Value!.Text("type") == "value.v0" && r.Value!.Text("connectionString")!.StartsWith("{postgres.", StringComparison.Ordinal))
                .Select(r => r.Key[..^2]).Order(),
            Overlay.Get(overlay).OfKind("Cluster").Select(c => c.Text("metadata.name")!.Split('-')[0]).Order());
    }

    [OverlayTheory, EveryOverlay]
    public async Task Every_workload_has_the_connections_of_the_model_and_no_others(string overlay)
    {
        foreach (var (name, environment) in AspireManifest.Projects(await AspireManifest.Resources))
            Assert.Equal(Named(environment.Select(v => v.Key), "ConnectionStrings__"), Named(Variables(overlay, name), "ConnectionStrings__"));
    }

    [OverlayTheory, EveryOverlay]
    public async Task Every_workload_knows_the_services_that_the_model_refers_it_to_and_no_others(string overlay)
    {
        foreach (var (name, environment) in AspireManifest.Projects(await AspireManifest.Resources))
        {
            Assert.Equal(Named(environment.Select(v => v.Key), "services__"), Named(Variables(overlay, name), "services__"));
            Assert.All(environment.Where(v => v.Key.StartsWith("services__", StringComparison.Ordinal)),
                v => Assert.Equal($"{{{v.Key.Split("__")[1]}.bindings.http.url}}", (string?)v.Value));
        }
    }

    [Fact]
    public async Task The_gateway_alone_can_be_reached_from_outside_and_nobody_trusts_whoever_says_to_be_a_proxy()
    {
        var model = await AspireManifest.Resources;

        Assert.Equal(["gateway"], model.Where(r => (bool?)r.Value!.At("bindings.http.external") == true).Select(r => r.Key));
        Assert.All(AspireManifest.Projects(model), p => Assert.DoesNotContain("ASPNETCORE_FORWARDEDHEADERS_ENABLED", p.Environment));
    }

    [Fact]
    public async Task The_published_manifest_has_no_demo_model_and_no_secret_values()
    {
        var model = await AspireManifest.Resources;

        Assert.DoesNotContain("model", model);
        Assert.All(model.Where(r => r.Value!.Text("type") == "parameter.v0"), r => Assert.True((bool?)r.Value!.At("inputs.value.secret"), r.Key));
    }

    private static IEnumerable<string> Variables(string overlay, string service) =>
        Overlay.Get(overlay).Services.Single(a => a.Service == service).Containers.Single().Items("env").Select(e => e.Text("name")!);

    private static IEnumerable<string> Named(IEnumerable<string> variables, string prefix) =>
        variables.Where(v => v.StartsWith(prefix, StringComparison.Ordinal)).Order();
}
