using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;

namespace MedCor.ServiceDefaults.Telemetry;

/// <summary>
/// Starts a new trace with every request, for the process that accepts requests from outside. A client's <c>traceparent</c> decides neither whether the request
/// is traced nor to which trace it belongs: a client could otherwise keep its requests out of every trace or add them to another client's. The client's trace
/// is kept as a link (see <see cref="SpanExtensions.UseRequestSpanEnrichment"/>); <c>tracestate</c> and <c>baggage</c>, which would propagate to every service,
/// are dropped.
/// </summary>
internal sealed class NewTracePropagator(DistributedContextPropagator inner) : DistributedContextPropagator
{
    public override IReadOnlyCollection<string> Fields => inner.Fields;

    public override void Inject(Activity? activity, object? carrier, PropagatorSetterCallback? setter) => inner.Inject(activity, carrier, setter);

    public override void ExtractTraceIdAndState(object? carrier, PropagatorGetterCallback? getter, out string? traceId, out string? traceState) =>
        (traceId, traceState) = (null, null);

    public override IEnumerable<KeyValuePair<string, string?>>? ExtractBaggage(object? carrier, PropagatorGetterCallback? getter) => null;
}

/// <summary>Registers <see cref="NewTracePropagator"/>.</summary>
public static class NewTracePropagatorExtensions
{
    /// <summary>Starts a new trace with every incoming request. Outgoing requests continue that trace.</summary>
    public static IServiceCollection AddNewTracePerRequest(this IServiceCollection services) =>
        services.AddSingleton<DistributedContextPropagator>(new NewTracePropagator(DistributedContextPropagator.Current));
}
