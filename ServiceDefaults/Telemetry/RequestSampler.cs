using System.Diagnostics;
using OpenTelemetry.Trace;

namespace MedCor.ServiceDefaults.Telemetry;

/// <summary>
/// Records every trace that begins with a request or a message, and none that begins with a call out: those are the polling of the outbox, of health and of retention,
/// which would push out what somebody waits for.
/// </summary>
internal sealed class RequestSampler : Sampler
{
    public override SamplingResult ShouldSample(in SamplingParameters samplingParameters) =>
        new(samplingParameters.Kind == ActivityKind.Client ? SamplingDecision.Drop : SamplingDecision.RecordAndSample);
}
