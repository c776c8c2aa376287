using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Attribute = System.Collections.Generic.KeyValuePair<string, string>;

namespace MedCor.Hosting.Dashboard.Telemetry;

/// <summary>
/// What the page asks for. Every answer is bounded, times are milliseconds since 1970, as scripts reckon, and a parameter that
/// cannot be understood narrows nothing.
/// </summary>
internal static class TelemetryApi
{
    private const int MostTraces = 200;
    private const int MostLines = 1000;
    private const int MostSeries = 24;
    private const long Millisecond = 1_000_000;

    public static void MapTelemetry(this IEndpointRouteBuilder web, TelemetryInbox inbox, TimeProvider clock)
    {
        web.MapGet("/api/traces", http => Answer(http, FindTraces(http.Request.Query, inbox.Traces, clock)));
        web.MapGet("/api/traces/{id}", (HttpContext http, string id) => Answer(http, DescribeTrace(id, inbox)));
        web.MapGet("/api/logs", http => Answer(http, FindLines(http.Request.Query, inbox.Logs)));
        web.MapGet("/api/calls", http => Answer(http, Calls.Describe(inbox.Metrics, TimelineOf(http.Request.Query, inbox.Metrics), Given(http.Request.Query, "tool"))));
        web.MapGet("/api/metrics", http => Answer(http, ListMetrics(inbox.Metrics)));
        web.MapGet("/api/metrics/{name}", (HttpContext http, string name) => Answer(http, DescribeMetric(name, TimelineOf(http.Request.Query, inbox.Metrics), inbox.Metrics)));
    }

    private static Task Answer(HttpContext http, object? found)
    {
        http.Response.StatusCode = found is null ? StatusCodes.Status404NotFound : StatusCodes.Status200OK;
        return found is null ? Task.CompletedTask : http.Response.WriteAsJsonAsync(found, JsonSerializerOptions.Web, http.RequestAborted);
    }

    private static object FindTraces(IQueryCollection query, TraceStore traces, TimeProvider clock)
    {
        var since = Number(query, "minutes") is { } minutes ? clock.GetUtcNow().AddMinutes(-minutes).ToUnixTimeMilliseconds() * Millisecond : (long?)null;
        var wanted = new TraceQuery(
            Given(query, "tool"), Given(query, "service"), Choice<Outcome>(query, "status"), Given(query, "id"),
            since, Nanoseconds(Number(query, "min")), Nanoseconds(Number(query, "max")), WithBackground: Given(query, "background") is not null);
        var (found, total, dropped) = traces.Find(wanted, MostTraces);
        var (tools, services) = traces.Names();
        return new
        {
            Traces = found.Select(trace => new
            {
                trace.Id,
                Start = Milliseconds(trace.Root.Start),
                Duration = Milliseconds(trace.Root.End - trace.Root.Start),
                trace.Root.Name,
                Service = trace.Root.Source.Service,
                trace.Tools,
                trace.Services,
                trace.Spans,
                Status = Word(trace.Outcome),
            }),
            Total = total,
            Dropped = dropped,
            Tools = tools,
            Services = services,
        };
    }

    private static object? DescribeTrace(string id, TelemetryInbox inbox) => inbox.Traces.Find(id) is not var (spans, dropped) ? null : new
    {
        Id = id,
        Dropped = dropped,
        RequestId = spans.Select(span => span.RequestId).FirstOrDefault(known => known is not null),
        Spans = spans.OrderBy(span => span.Start).Select(span => new
        {
            Id = span.SpanId,
            Parent = span.ParentId,
            span.Source.Service,
            span.Source.Instance,
            span.Name,
            span.Tool,
            Kind = Word(span.Kind),
            Start = Milliseconds(span.Start),
            Duration = Milliseconds(span.End - span.Start),
            Status = Word(span.Outcome),
            span.IsError,
            span.StatusMessage,
            Attributes = Pairs(span.Attributes),
            Events = span.Events.Select(happened => new { Time = Milliseconds(happened.Time), happened.Name, Attributes = Pairs(happened.Attributes) }),
        }),
        Logs = inbox.Logs.Find(new LogQuery(Service: null, LogLevel.Trace, Text: null, id), after: 0, MostLines).Records.Select(Describe),
    };

    private static object FindLines(IQueryCollection query, LogStore logs)
    {
        var level = Choice<LogLevel>(query, "level") ?? LogLevel.Trace;
        var (records, last, dropped) = logs.Find(new LogQuery(Given(query, "service"), level, Given(query, "text"), Given(query, "trace")), (long)(Number(query, "after") ?? 0), MostLines);
        return new { Records = records.Select(Describe), Last = last, Dropped = dropped, Services = logs.Services() };
    }

    private static object Describe(LogRecord record) => new
    {
        Time = Milliseconds(record.Time),
        record.Source.Service,
        record.Source.Instance,
        Level = Word(record.Level),
        record.Category,
        record.Message,
        Trace = record.TraceId,
        Span = record.SpanId,
        Attributes = Pairs(record.Attributes),
    };

    private static object ListMetrics(MetricStore metrics) => metrics.Read<object>(metric: null, all => new
    {
        Metrics = all.GroupBy(series => series.Metric.Name).OrderBy(group => group.Key, StringComparer.Ordinal)
            .Select(group => new { Name = group.Key, group.First().Metric.Description, group.First().Metric.Unit, Kind = Word(group.First().Metric.Kind) }).ToList(),
        metrics.Dropped,
    });

    /// <summary>A gauge as it was, a counter as its rate per second, a histogram as its 95th percentile; the largest first, if there are many.</summary>
    private static object? DescribeMetric(string name, Timeline time, MetricStore metrics) => metrics.Read<object?>(name, all =>
    {
        var series = all.Select(one => new
        {
            one.Source.Instance,
            Labels = string.Join(", ", one.Labels.Select(label => label.Value)),
            Values = one.Over(time.From, time.Width, Timeline.Parts).Select(values => Shown(one, values, time)).ToList(),
        }).ToList();
        return all.FirstOrDefault()?.Metric is not { } metric ? null : new
        {
            metric.Name,
            metric.Description,
            metric.Unit,
            Kind = Word(metric.Kind),
            time.Begin,
            time.Part,
            Total = series.Count,
            Series = series.OrderByDescending(one => one.Values.Max() ?? double.MinValue).Take(MostSeries).OrderBy(one => one.Instance, StringComparer.Ordinal).ToList(),
        };
    });

    private static double? Shown(Series series, double[]? values, Timeline time) => values is null ? null : series.Metric.Kind switch
    {
        MetricKind.Gauge => values[0],
        MetricKind.Counter => values[0] * 1000 / time.Part,
        _ => Percentile.Of(values, series.Bounds, 0.95),
    };

    private static Timeline TimelineOf(IQueryCollection query, MetricStore metrics) => Timeline.Of((int)(Number(query, "minutes") ?? 5), metrics.Now);

    private static IEnumerable<string[]> Pairs(Attribute[] attributes) => attributes.Select(attribute => new[] { attribute.Key, attribute.Value });

    private static double Milliseconds(long nanoseconds) => nanoseconds / (double)Millisecond;

    private static long? Nanoseconds(double? milliseconds) => (long?)(milliseconds * Millisecond);

    /// <summary>Reads one word of an enum, whatever its case. Returns null when there is no such word.</summary>
    private static T? Choice<T>(IQueryCollection query, string name) where T : struct, Enum =>
        Enum.GetValues<T>().Cast<T?>().FirstOrDefault(value => string.Equals(value.ToString(), Given(query, name), StringComparison.OrdinalIgnoreCase));

    private static string Word<T>(T value) where T : struct, Enum => value.ToString().ToLowerInvariant();

    private static string? Given(IQueryCollection query, string name) => query[name].ToString() is { Length: > 0 } value ? value : null;

    private static double? Number(IQueryCollection query, string name) =>
        double.TryParse(Given(query, name), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && Math.Abs(number) < 1e9 ? number : null;
}
