using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;

namespace MedCor.ServiceDefaults.Telemetry;

/// <summary>
/// Begins a new trace with every request, for the process where requests come in from outside. A client's <c>traceparent</c> decides neither whether the request is traced nor which trace
/// it belongs to: somebody could keep their calls out of every trace, or push them all into somebody else's. It is kept as a link (see <see cref="TelemetryExtensions.UseNamedSpans"/>);
/// <c>tracestate</c> and <c>baggage</c>, which would travel on to every service, are dropped.
/// </summary>
internal sealed class NewTracePropagator(DistributedContextPropagator onwards) : DistributedContextPropagator
{
    public override IReadOnlyCollection<string> Fields => onwards.Fields;

    public override void Inject(Activity? activity, object? carrier, PropagatorSetterCallback? setter) => onwards.Inject(activity, carrier, setter);

    public override void ExtractTraceIdAndState(object? carrier, PropagatorGetterCallback? getter, out string? traceId, out string? traceState) => (traceId, traceState) = (null, null);

    public override IEnumerable<KeyValuePair<string, string?>>? ExtractBaggage(object? carrier, PropagatorGetterCallback? getter) => null;
}

/// <summary>Registers <see cref="NewTracePropagator"/>.</summary>
public static class NewTracePropagatorExtensions
{
    /// <summary>Begins a new trace with every request that comes in. Calls that go out carry it on.</summary>
    public static IServiceCollection AddNewTracePerRequest(this IServiceCollection services) =>
        services.AddSingleton<DistributedContextPropagator>(new NewTracePropagator(DistributedContextPropagator.Current));
}
