using System.Diagnostics;
using System.Diagnostics.Metrics;
using MedCor.Contracts;
using MedCor.ServiceDefaults.Telemetry;

namespace MedCor.Gateway.ToolInvocation;

/// <summary>
/// Records the duration and outcome of a tool call or a resource read as a metric and, with the same attributes (<see cref="SpanExtensions"/>), as a span.
/// Neither contains the caller or the person concerned.
/// </summary>
internal sealed class ToolMetrics(string surface, string tool) : IDisposable
{
    private static readonly Histogram<double> Duration = new Meter("MedCor").CreateHistogram(
        "medcor.tool.duration", "s", "Duration of tool calls and resource reads at the gateway.",
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20] });

    private static readonly ActivitySource Source = new("MedCor.Gateway");

    private readonly long _startedAt = Stopwatch.GetTimestamp();

    private readonly Activity? _span = Source.StartActivity(tool);

    private int _status = StatusCodes.Status500InternalServerError;

    private string? _code = ErrorCodes.ServerError;

    /// <summary>Records that the service responded with a status of the contract.</summary>
    public void RecordResponse(int status) => (_status, _code) = (status, status < 400 ? null : SpanExtensions.GetErrorCode(status));

    /// <summary>Records that the gateway rejected the call.</summary>
    public void RecordError(ApiException error) => (_status, _code) = (error.Status, error.Code);

    /// <summary>Records that the caller disconnected before the response.</summary>
    public void RecordAbandoned() => (_status, _code) = (StatusCodes.Status499ClientClosedRequest, "ABANDONED");

    public void Dispose()
    {
        Duration.Record(Stopwatch.GetElapsedTime(_startedAt).TotalSeconds, new("tool", tool), new("surface", surface), new("outcome", _code ?? "OK"));
        if (_span is null) return;
        _span.SetTag(SpanExtensions.ToolTag, tool).SetTag("medcor.surface", surface);
        _span.SetOutcome(_status, _code);
        _span.Dispose();
    }
}
