using Attribute = System.Collections.Generic.KeyValuePair<string, string>;

namespace MedCor.Hosting.Dashboard.Telemetry;

/// <summary>The process that sent something: <c>clinical</c>, and of its replicas <c>clinical-1</c>.</summary>
internal sealed record Source(string Service, string Instance);

/// <summary>As in opentelemetry/proto/trace/v1.</summary>
internal enum SpanKind
{
    Internal = 1,
    Server,
    Client,
    Producer,
    Consumer,
}

/// <summary>How something ended, the worst last. Refused is what a caller can mend, failed is MedCor's own fault.</summary>
internal enum Outcome
{
    Ok,
    Refused,
    Failed,
}

/// <summary>Something that happened within a span.</summary>
internal sealed record SpanEvent(long Time, string Name, Attribute[] Attributes);

/// <summary>A piece of work of one process. Times are nanoseconds since 1970.</summary>
internal sealed record Span(
    string TraceId, string SpanId, string ParentId, Source Source, string Name, SpanKind Kind, long Start, long End,
    bool IsError, string StatusMessage, Attribute[] Attributes, SpanEvent[] Events)
{
    private const string ToolRoute = "/tools/";

    /// <summary>The tool, or the resource, that was called; null when this is not such a call.</summary>
    public string? Tool => this["medcor.tool"]
        ?? (Kind == SpanKind.Server && this["http.route"] is { } route && route.StartsWith(ToolRoute, StringComparison.Ordinal) ? route[ToolRoute.Length..] : null);

    public string? RequestId => this["medcor.request_id"];

    /// <summary>Whether somebody asked for this from outside of the process.</summary>
    public bool IsRequest => Kind == SpanKind.Server;

    /// <summary>What became of it for whoever asked. An error beneath, which the asked one made good, does not count.</summary>
    public Outcome Outcome => Kind switch
    {
        SpanKind.Server or SpanKind.Consumer when IsError => Outcome.Failed,
        _ when this["medcor.outcome"] is { } outcome => outcome switch
        {
            "OK" => Outcome.Ok,
            "SERVER_ERROR" => Outcome.Failed,
            _ => Outcome.Refused,
        },
        SpanKind.Server => this["http.response.status_code"] switch
        {
            { } code when code.StartsWith('5') => Outcome.Failed,
            { } code when code.StartsWith('4') => Outcome.Refused,
            _ => Outcome.Ok,
        },
        _ => Outcome.Ok,
    };

    /// <summary>About how much memory it takes, in bytes.</summary>
    public long Size => 400 + Text.Size(Name, StatusMessage) + Text.Size(Attributes) + Events.Sum(happened => 80 + Text.Size(happened.Name) + Text.Size(happened.Attributes));

    private string? this[string key] => Array.Find(Attributes, attribute => attribute.Key == key).Value;
}
