using System.Diagnostics;
using MedCor.ServiceDefaults.Health;
using MedCor.ServiceDefaults.Problems;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using OpenTelemetry;
using OpenTelemetry.Context.Propagation;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace MedCor.ServiceDefaults.Telemetry;

/// <summary>
/// Traces, metrics and logs over OTLP, to where the standard <c>OTEL_*</c> variables say; nothing when they say nothing.
/// They carry routes, statements without values and statuses, never a body.
/// </summary>
public static class TelemetryExtensions
{
    /// <summary>The paths that orchestrators and gateways ask all the time: in traces they would push out what happened.</summary>
    private static readonly string[] Polled = [.. HealthExtensions.Paths, "/chat/model"];

    /// <summary>Registers the instrumentations and the exporter.</summary>
    public static void AddTelemetry(this IHostApplicationBuilder builder)
    {
        if (string.IsNullOrEmpty(builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"])) return;

        var name = builder.Configuration["OTEL_SERVICE_NAME"] ?? builder.Environment.ApplicationName;
        // Whose trace a request goes on with is decided by the runtime's propagator (FreshTraces), and baggage is nobody's.
        Sdk.SetDefaultTextMapPropagator(new TraceContextPropagator());
        builder.Logging.AddOpenTelemetry(logs => logs.IncludeFormattedMessage = true);
        builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService(name, serviceNamespace: "medcor").AddEnvironmentVariableDetector())
            .WithMetrics(metrics => metrics.AddAspNetCoreInstrumentation().AddHttpClientInstrumentation().AddRuntimeInstrumentation().AddMeter("Npgsql", "MassTransit", "MedCor"))
            .WithTracing(traces => traces.SetSampler(new ParentBasedSampler(new RequestSampler()))
                .AddAspNetCoreInstrumentation(requests => requests.Filter = http => !Polled.Contains(http.Request.Path.Value))
                // A path holds what a client typed as an id. Who answers names the route.
                .AddHttpClientInstrumentation(calls => calls.EnrichWithHttpRequestMessage = (span, request) => span.SetTag("url.full", request.RequestUri?.GetLeftPart(UriPartial.Authority)))
                .AddNpgsql().AddSource("MassTransit", "MedCor.Outbox", "MedCor.Gateway"))
            .UseOtlpExporter();
    }

    /// <summary>
    /// Gives a request's span its route and name, its id and how it was answered, and links it to the trace that its sender named; so it goes around what answers. The path itself may hold ids, and whatever a client writes there, and is
    /// taken away.
    /// </summary>
    public static IApplicationBuilder UseNamedSpans(this IApplicationBuilder app) => app.Use(async (http, next) =>
    {
        var span = Activity.Current;
        span?.SetTag("url.path", null);
        // Where the trace goes on that the header names, there is nothing to link.
        if (span is { IsAllDataRequested: true } && ActivityContext.TryParse(http.Request.Headers.TraceParent, null, isRemote: true, out var theirs) && theirs.TraceId != span.TraceId) span.AddLink(new(theirs));
        await next(http);
        if (span is null) return;
        span.SetTag("http.response.status_code", http.Response.StatusCode);
        span.SetTag("medcor.request_id", http.RequestId());
        if (http.Response.StatusCode >= 500) span.SetStatus(ActivityStatusCode.Error);
        if (http.GetEndpoint() is not RouteEndpoint { RoutePattern.RawText: { } route }) return;
        span.SetTag("http.route", route);
        span.DisplayName = $"{http.Request.Method} {route}";
    });
}
