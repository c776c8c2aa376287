using MedCor.ServiceDefaults.Health;
using MedCor.ServiceDefaults.Servers;
using MedCor.ServiceDefaults.Telemetry;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Context.Propagation;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace MedCor.ServiceDefaults;

/// <summary>
/// Adds the services that .NET Aspire applications have in common: telemetry, health checks and service discovery. <see cref="MedCorDefaults"/> adds MedCor's
/// own.
/// </summary>
public static class Extensions
{
    /// <summary>Adds telemetry, health checks, and HTTP clients that resolve other services by name.</summary>
    public static TBuilder AddServiceDefaults<TBuilder>(this TBuilder builder) where TBuilder : IHostApplicationBuilder
    {
        builder.ConfigureOpenTelemetry();
        builder.AddDefaultHealthChecks();
        builder.Services.AddServiceDiscovery();
        builder.Services.AddSingleton<TransportSecurity>();
        builder.Services.AddSingleton(services => ActivatorUtilities.CreateInstance<ReplicaFailoverHandler>(services));
        builder.Services.AddSingleton(services => new ServiceHttpInvoker(services.GetRequiredService<ReplicaFailoverHandler>()));
        // Replaces Aspire's resilience and service discovery handlers, which lose requests or repeat requests that were already sent (docs/decisions/0024).
        builder.Services.ConfigureHttpClientDefaults(http => http
            .ConfigureHttpClient(client => client.Timeout = TimeSpan.FromSeconds(10))
            .ConfigurePrimaryHttpMessageHandler(services => services.GetRequiredService<ReplicaFailoverHandler>())
            .SetHandlerLifetime(Timeout.InfiniteTimeSpan)
            .RemoveAllLoggers());
        return builder;
    }

    /// <summary>
    /// Adds traces, metrics and logs, exported over OTLP as the standard <c>OTEL_*</c> variables configure; without an endpoint nothing is recorded. Telemetry
    /// contains routes, SQL statements without values, and statuses, but never a body.
    /// </summary>
    public static TBuilder ConfigureOpenTelemetry<TBuilder>(this TBuilder builder) where TBuilder : IHostApplicationBuilder
    {
        var isExported = !string.IsNullOrWhiteSpace(builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]);
        var name = builder.Configuration["OTEL_SERVICE_NAME"] ?? builder.Environment.ApplicationName;
        // The runtime's propagator (see NewTracePropagator) decides which trace a request continues. Baggage is not propagated.
        Sdk.SetDefaultTextMapPropagator(new TraceContextPropagator());
        if (isExported) builder.Logging.AddOpenTelemetry(logs => logs.IncludeFormattedMessage = true);
        var telemetry = builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService(name, serviceNamespace: "medcor").AddEnvironmentVariableDetector())
            .WithMetrics(
                metrics => metrics.AddAspNetCoreInstrumentation().AddHttpClientInstrumentation().AddRuntimeInstrumentation().AddMeter("MassTransit", "MedCor"))
            .WithTracing(traces => traces.SetSampler(isExported ? new ParentBasedSampler(new RequestSampler()) : new AlwaysOffSampler())
                .AddAspNetCoreInstrumentation(requests => requests.Filter = http => !SpanExtensions.IsPolled(http))
                .AddHttpClientInstrumentation(
                    calls => (calls.EnrichWithHttpRequestMessage, calls.EnrichWithHttpResponseMessage) = (SpanExtensions.EnrichWithRequest,
                        SpanExtensions.EnrichWithResponse))
                .AddSource("MassTransit", "MedCor.Outbox", "MedCor.Audit", "MedCor.Gateway"));
        if (isExported) telemetry.UseOtlpExporter();
        return builder;
    }

    /// <summary>Adds <see cref="Readiness"/> and the health checks that every process has.</summary>
    public static TBuilder AddDefaultHealthChecks<TBuilder>(this TBuilder builder) where TBuilder : IHostApplicationBuilder
    {
        builder.Services.AddReadiness();
        return builder;
    }

    /// <summary>
    /// Maps <c>/health</c>, which reports whether the process serves requests and, if not, why, and <c>/alive</c>, which reports that the process runs. A
    /// process is healthy without the broker, because the outbox keeps pending events.
    /// </summary>
    public static WebApplication MapDefaultEndpoints(this WebApplication app)
    {
        app.MapHealth();
        return app;
    }
}
