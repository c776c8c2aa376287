namespace MedCor.Tests.EndToEnd.ToolInvocation;

public sealed class ToolMetricsTests
{
    [Fact]
    public async Task Calls_failures_and_their_times_are_exported_by_tool_surface_and_outcome_and_by_nothing_else()
    {
        var telemetry = (await MedCorFixture.Get()).Telemetry;
        var (admin, patient) = (await ApiClient.LogInShared("admin@general.example"), await ApiClient.LogInShared("patient@general.example"));
        await using var gateway = await ServiceProcess.Start(("OTEL_RESOURCE_ATTRIBUTES", "service.instance.id=gateway-with-figures"));
        object Call(object parameters) => new { tool = "get_specialty_demand", @params = parameters };

        await gateway.Post(admin, "/api/mcp/batch", new { requests = new[] { Call(new { }), Call(new { }), Call(new { no_such = "parameter" }) } });
        await gateway.Post(patient, "/api/mcp/tools/invoke", Call(new { }));

        Histogram[] Of() =>
            [.. telemetry.Histograms.Values.Where(
                h => h.Name == "medcor.tool.duration" && h.Process.Contains("gateway-with-figures", StringComparison.Ordinal))];
        await Wait.Until(() => Task.FromResult(Of().Sum(h => (long)h.Count) == 4), "all four were exported",
            explain: () => string.Join('\n', Of().Select(h => $"{h.Labels["outcome"]} {h.Count}")));
        Assert.Equal([("batch", "OK", 2UL), ("batch", "VALIDATION_ERROR", 1UL), ("invoke", "PERMISSION_DENIED", 1UL)],
            Of().Select(h => (h.Labels["surface"], h.Labels["outcome"], h.Count)).Order());
        Assert.All(Of(), h => Assert.Equal(["outcome", "surface", "tool"], h.Labels.Keys.Order()));
    }
}
