using System.Diagnostics;
using OpenTelemetry.Trace;

namespace MedCor.ServiceDefaults.Telemetry;

/// <summary>
/// Records every trace that starts with a request or a message, and none that starts with an outgoing call: those are the polling of the outbox, health checks
/// and retention, which would crowd out the traces of requests.
/// </summary>
internal sealed class RequestSampler : Sampler
{
    public override SamplingResult ShouldSample(in SamplingParameters samplingParameters) =>
        new(samplingParameters.Kind == ActivityKind.Client ? SamplingDecision.Drop : SamplingDecision.RecordAndSample);
}
