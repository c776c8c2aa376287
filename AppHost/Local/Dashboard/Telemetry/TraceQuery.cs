namespace MedCor.Hosting.Dashboard.Telemetry;

/// <summary>
/// Which traces are looked for: by the beginning of a trace's id or by a request's id; begun since a time, in nanoseconds since 1970;
/// by how many nanoseconds the root took. What is null is not asked for, and what nobody asked for is left out or not.
/// </summary>
internal sealed record TraceQuery(string? Tool, string? Service, Outcome? Outcome, string? Id, long? Since, long? AtLeast, long? AtMost, bool WithBackground)
{
    public bool Matches(Trace trace) =>
        (Tool is null || trace.Tools.Contains(Tool))
        && (Service is null || trace.Services.Contains(Service))
        && (Outcome is null || trace.Outcome == Outcome)
        && (Since is null || trace.Root.Start >= Since)
        && (AtLeast is null || trace.Root.End - trace.Root.Start >= AtLeast)
        && (AtMost is null || trace.Root.End - trace.Root.Start <= AtMost)
        && (Id is null || trace.Id.StartsWith(Id, StringComparison.OrdinalIgnoreCase) || trace.Spans.Any(span => span.RequestId == Id));
}
