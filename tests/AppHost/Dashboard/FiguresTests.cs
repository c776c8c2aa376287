using MedCor.Hosting.Dashboard.Telemetry;
using MedCor.Tests.EndToEnd;

namespace MedCor.Tests.AppHost.Dashboard;

public sealed class FiguresTests
{
    private static readonly Source Gateway = new("gateway", "gateway-1");
    private static readonly Metric Count = new("calls", "", "", MetricKind.Counter);

    [Fact]
    public void A_counter_shows_what_was_added_in_each_part_of_the_time()
    {
        var (clock, store) = Empty();
        foreach (var total in (double[])[3, 3, 8, 9])
        {
            store.Add([new(Gateway, Count, [], [total], [])]);
            clock.Now += MetricStore.Step;
        }

        Assert.Equal([null, 3, 0, 5, 1], Over(store, 5));
    }

    [Fact]
    public void A_process_that_begins_anew_counts_on()
    {
        var (clock, store) = Empty();
        foreach (var total in (double[])[7, 2, 4])
        {
            store.Add([new(Gateway, Count, [], [total], [])]);
            clock.Now += MetricStore.Step;
        }

        Assert.Equal([7, 2, 2], Over(store, 3));
    }

    [Fact]
    public void What_was_no_longer_sent_is_not_shown()
    {
        var (clock, store) = Empty();
        store.Add([new(Gateway, new("listeners", "", "", MetricKind.Gauge), [], [5], [])]);
        clock.Now += 3 * MetricStore.Step;

        Assert.Equal([null, 5, null, null], Over(store, 4));
    }

    [Fact]
    public void A_percentile_lies_in_its_bucket()
    {
        double[] bounds = [0.1, 0.5, 1];
        // Count, sum, and 90 below 0.1, 8 from there to 0.5, 2 beyond 1.
        double[] values = [100, 0, 90, 8, 0, 2];

        Assert.Equal(0.1 * 50 / 90, Percentile.Of(values, bounds, 0.50)!.Value, precision: 6);
        Assert.Equal(0.1 + (0.4 * 5 / 8), Percentile.Of(values, bounds, 0.95)!.Value, precision: 6);
        Assert.Equal(1, Percentile.Of(values, bounds, 0.99));
        Assert.Null(Percentile.Of([0, 0, 0, 0, 0, 0], bounds, 0.5));
    }

    [Fact]
    public async Task Calls_are_counted_by_tool_and_outcome_with_their_latency()
    {
        await using var dashboard = await OwnDashboard.Start();
        using var gateway = new Sender(dashboard.Address, dashboard.Key, "gateway");
        var duration = gateway.Meter.CreateHistogram("medcor.tool.duration", "s", advice: new System.Diagnostics.Metrics.InstrumentAdvice<double> { HistogramBucketBoundaries = [0.01, 0.1, 1, 10] });
        void Call(string tool, double seconds, string outcome) => duration.Record(seconds, new("tool", tool), new("surface", "invoke"), new KeyValuePair<string, object?>("outcome", outcome));
        Call("list_doctors", 0.05, "OK");
        Call("create_appointment", 3, "OK");
        Call("create_appointment", 0.05, "CONFLICT");
        Call("create_appointment", 0.05, "SERVER_ERROR");
        gateway.Flush();

        // What a part of the time has is shown when that is over, after five seconds.
        System.Text.Json.Nodes.JsonNode calls = null!;
        await MedCor.Tests.EndToEnd.Wait.Until(async () => (int)(calls = await dashboard.Get("/api/calls?minutes=5"))["total"]!["calls"]! == 4, "the calls are shown");

        Assert.Equal(["create_appointment 3 1 1", "list_doctors 1 0 0"], calls["tools"]!.AsArray().Select(t => $"{t!["tool"]} {t["calls"]} {t["refused"]} {t["failed"]}"));
        Assert.InRange((double)calls["tools"]![0]!["p99"]!, 1000, 10_000);
        Assert.InRange((double)calls["tools"]![1]!["p99"]!, 10, 100);
        Assert.Equal(2, calls["ok"]!.AsArray().Sum(n => (double)n!));
    }

    private static (Clock Clock, MetricStore Store) Empty()
    {
        var clock = new Clock();
        return (clock, new MetricStore(mostSeries: 10, long.MaxValue, clock));
    }

    /// <summary>The last steps of the only series.</summary>
    private static double?[] Over(MetricStore store, int steps) =>
        store.Read(metric: null, all => all.Single().Over(store.Now - steps, width: 1, steps).Select(v => v?[0]).ToArray());
}
