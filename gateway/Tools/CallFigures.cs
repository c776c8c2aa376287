using System.Diagnostics;
using System.Diagnostics.Metrics;
using MedCor.Contracts;
using MedCor.ServiceDefaults.Problems;

namespace MedCor.Gateway.Tools;

/// <summary>
/// Measures a call of a tool or a read of a resource: <c>medcor.tool.duration</c>, a histogram in seconds by tool, surface and outcome, which is <c>OK</c>, <c>ABANDONED</c> or an error's code. Its
/// count is the number of calls, and of failures by code. The call's span says the same of it alone. Neither knows who called or for whom.
/// </summary>
internal sealed class CallFigures(string surface, string tool) : IDisposable
{
    private static readonly Histogram<double> Duration = new Meter("MedCor").CreateHistogram(
        "medcor.tool.duration", "s", "How long calls of tools take, from the gateway's door and back to it.",
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20] });

    private static readonly ActivitySource Source = new("MedCor.Gateway");

    private readonly long began = Stopwatch.GetTimestamp();

    private readonly Activity? span = Source.StartActivity(tool);

    private string outcome = ErrorCodes.ServerError;

    /// <summary>The service answered, with a status of the contract.</summary>
    public void Answered(int status) => outcome = status switch
    {
        < 300 => "OK",
        401 => ErrorCodes.AuthInvalid,
        403 => ErrorCodes.PermissionDenied,
        404 => ErrorCodes.ResourceNotFound,
        409 => ErrorCodes.Conflict,
        429 => ErrorCodes.RateLimit,
        < 500 => ErrorCodes.ValidationError,
        _ => ErrorCodes.ServerError,
    };

    /// <summary>The door refused.</summary>
    public void Refused(Refusal refusal) => outcome = refusal.Code;

    /// <summary>The caller did not wait for the answer.</summary>
    public void Abandoned() => outcome = "ABANDONED";

    public void Dispose()
    {
        Duration.Record(Stopwatch.GetElapsedTime(began).TotalSeconds, new("tool", tool), new("surface", surface), new("outcome", outcome));
        span?.SetTag("medcor.tool", tool).SetTag("medcor.surface", surface).SetTag("medcor.outcome", outcome);
        if (outcome == ErrorCodes.ServerError) span?.SetStatus(ActivityStatusCode.Error);
        span?.Dispose();
    }
}
