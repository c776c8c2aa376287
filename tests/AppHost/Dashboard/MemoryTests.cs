using MedCor.Hosting.Dashboard.Telemetry;
using Clock = MedCor.Tests.EndToEnd.Clock;

namespace MedCor.Tests.AppHost.Dashboard;

/// <summary>However much comes, the newest of it is kept, within bounds.</summary>
public sealed class MemoryTests
{
    private static readonly Source Clinical = new("clinical", "clinical-1");
    private static readonly TraceQuery All = new(Tool: null, Service: null, Outcome: null, Id: null, Since: null, AtLeast: null, AtMost: null, WithBackground: true);

    [Fact]
    public void Of_too_many_spans_the_oldest_traces_go_and_are_counted()
    {
        var store = new TraceStore(mostSpans: 40, mostBytes: long.MaxValue);
        for (var index = 0; index < 50; index++) store.Add([Span(index, SpanKind.Server)]);

        var found = store.Find(All, most: 100);

        Assert.Equal((30, 20), (found.Traces.Count, found.Dropped));
        Assert.Equal(Enumerable.Range(20, 30).Reverse().Select(Id), found.Traces.Select(t => t.Id));
        Assert.Null(store.Find(Id(0)));
        Assert.NotNull(store.Find(Id(49)));
    }

    [Fact]
    public void Of_too_large_spans_fewer_are_kept()
    {
        var store = new TraceStore(mostSpans: 1000, mostBytes: 1024 * 1024);
        for (var index = 0; index < 50; index++) store.Add([Span(index, SpanKind.Server) with { Attributes = [new("text", new string('x', 50_000))] }]);

        var kept = store.Find(All, most: 100).Traces.Count;

        Assert.InRange(kept, 1, 1024 * 1024 / 100_000);
    }

    [Fact]
    public void What_nobody_asked_for_pushes_out_no_request()
    {
        var store = new TraceStore(mostSpans: 40, mostBytes: long.MaxValue);
        store.Add([Span(0, SpanKind.Server)]);
        for (var index = 1; index < 500; index++) store.Add([Span(index, SpanKind.Client)]);

        Assert.NotNull(store.Find(Id(0)));
        Assert.Equal(1 + 10, store.Find(All, most: 100).Traces.Count);
    }

    [Fact]
    public void A_trace_without_an_end_keeps_its_beginning_and_tells_how_much_is_left_out()
    {
        var store = new TraceStore(mostSpans: 10_000, mostBytes: long.MaxValue);
        for (var index = 0; index < 2500; index++) store.Add([Span(0, SpanKind.Server) with { Start = index, End = index }]);

        var (spans, dropped) = store.Find(Id(0))!.Value;

        Assert.Equal((2000, 500), (spans.Count, dropped));
    }

    [Fact]
    public void Of_too_many_lines_the_oldest_go_and_are_counted()
    {
        var store = new LogStore(most: 10, mostBytes: long.MaxValue);
        for (var index = 0; index < 25; index++) store.Add([Line($"{index}")]);

        var found = store.Find(new LogQuery(Service: null, LogLevel.Trace, Text: null, TraceId: null), after: 0, most: 100);

        Assert.Equal((15, 25), (found.Dropped, found.Last));
        Assert.Equal(Enumerable.Range(15, 10).Select(i => $"{i}"), found.Records.Select(r => r.Message));
    }

    [Fact]
    public void Of_too_long_lines_fewer_are_kept()
    {
        var store = new LogStore(most: 1000, mostBytes: 100_000);
        for (var index = 0; index < 25; index++) store.Add([Line(new string('x', 10_000))]);

        Assert.Equal(4, store.Find(new LogQuery(Service: null, LogLevel.Trace, Text: null, TraceId: null), after: 0, most: 100).Records.Count);
    }

    [Fact]
    public void Values_are_kept_for_an_hour_and_fewer_when_there_is_no_room()
    {
        var clock = new Clock();
        var (roomy, narrow) = (new MetricStore(mostSeries: 10, long.MaxValue, clock), new MetricStore(mostSeries: 10, mostBytes: 5000, clock));
        for (var step = 0; step < 1000; step++)
        {
            roomy.Add([Gauge("a", step)]);
            narrow.Add([Gauge("a", step)]);
            clock.Now += MetricStore.Step;
        }

        Assert.Equal(0, roomy.Dropped);
        Assert.InRange(Kept(roomy), 720, 722);
        Assert.InRange(Kept(narrow), 10, 5000 / 80);
        Assert.True(narrow.Dropped > 0);

        int Kept(MetricStore store) => store.Read("a", all => all.Single().Over(roomy.Now - 1000, width: 1, count: 1000).Count(v => v is not null));
    }

    [Fact]
    public void More_series_than_there_is_room_for_are_refused_until_others_are_gone_for_an_hour()
    {
        var clock = new Clock();
        var store = new MetricStore(mostSeries: 3, long.MaxValue, clock);
        foreach (var name in (string[])["a", "b", "c", "d"]) store.Add([Gauge(name, 1)]);
        Assert.Equal(1, store.Dropped);

        clock.Now += TimeSpan.FromHours(2);
        store.Add([Gauge("d", 1)]);

        Assert.Equal(["d"], store.Read(metric: null, all => all.Select(s => s.Metric.Name).ToArray()));
    }

    [Fact]
    public void A_series_whose_buckets_change_makes_room_for_the_next()
    {
        var clock = new Clock();
        var store = new MetricStore(mostSeries: 1, mostBytes: 1000, clock);
        for (var change = 0; change < 100; change++)
        {
            store.Add([Histogram("a", bound: change)]);
            clock.Now += MetricStore.Step;
        }

        Assert.Equal(0, store.Dropped);
        Assert.Equal([99], store.Read("a", all => all.Single().Bounds));
    }

    [Fact]
    public void A_metric_takes_the_room_that_its_texts_take()
    {
        var store = new MetricStore(mostSeries: 10, mostBytes: 1000, new Clock());

        store.Add([Gauge(new string('x', 1000), 1)]);

        Assert.Equal(1, store.Dropped);
    }

    private static string Id(int index) => $"{index:x32}";

    private static Span Span(int index, SpanKind kind) =>
        new(Id(index), $"{index:x16}", "", Clinical, "a span", kind, Start: index, End: index, IsError: false, "", [], []);

    private static LogRecord Line(string message) => new(0, Clinical, "", LogLevel.Information, message, "", "", []);

    private static Reading Gauge(string name, double value) => new(Clinical, new Metric(name, "", "", MetricKind.Gauge), [], [value], []);

    private static Reading Histogram(string name, double bound) => new(Clinical, new Metric(name, "", "", MetricKind.Histogram), [], [1, 1, 1, 0], [bound]);
}
