using System.Diagnostics;
using MedCor.ServiceDefaults.Health;
using MedCor.ServiceDefaults.Problems;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace MedCor.ServiceDefaults.Telemetry;

/// <summary>
/// Traces, metrics and logs over OTLP, to where the standard <c>OTEL_*</c> variables say; nothing when they say nothing.
/// The runtime's own sources are used: they carry routes, statements without values and statuses, never a body.
/// </summary>
public static class TelemetryExtensions
{
    private static readonly string[] Sources = ["Microsoft.AspNetCore", "System.Net.Http", "Npgsql", "MassTransit", "MedCor.Outbox", "MedCor.Gateway"];
    private static readonly string[] Meters = ["Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Net.Http", "System.Runtime", "Npgsql", "MassTransit", "MedCor"];

    /// <summary>Registers the exporters.</summary>
    public static void AddTelemetry(this IHostApplicationBuilder builder)
    {
        if (string.IsNullOrEmpty(builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"])) return;

        // Without this the runtime leaves the names and tags of its spans to an instrumentation package that is not needed otherwise.
        AppContext.SetSwitch("Microsoft.AspNetCore.Hosting.SuppressActivityOpenTelemetryData", false);
        var name = builder.Configuration["OTEL_SERVICE_NAME"] ?? builder.Environment.ApplicationName;
        builder.Services.AddSingleton(_ => OpenTelemetrySdk.Create(otel => otel
            .ConfigureResource(r => r.AddService(name, serviceNamespace: "medcor").AddEnvironmentVariableDetector())
            .WithTracing(t => t.AddSource(Sources).SetSampler(new ParentBasedSampler(new RequestSampler())).AddOtlpExporter())
            .WithMetrics(m => m.AddMeter(Meters).AddOtlpExporter())
            .WithLogging(l => l.AddOtlpExporter())));
        builder.Services.AddSingleton<ILoggerProvider, OpenTelemetryLogs>();
        builder.Services.AddHostedService<StartSdk>();
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
        // Orchestrators ask all the time: in a trace they would push out what happened.
        if (span is not null && HealthExtensions.Paths.Contains(http.Request.Path.Value)) span.ActivityTraceFlags &= ~ActivityTraceFlags.Recorded;
        await next(http);
        if (span is null) return;
        span.SetTag("http.response.status_code", http.Response.StatusCode);
        span.SetTag("medcor.request_id", http.RequestId());
        if (http.Response.StatusCode >= 500) span.SetStatus(ActivityStatusCode.Error);
        if (http.GetEndpoint() is not RouteEndpoint { RoutePattern.RawText: { } route }) return;
        span.SetTag("http.route", route);
        span.DisplayName = $"{http.Request.Method} {route}";
    });

    /// <summary>The SDK listens from its creation, so it is created before the first request.</summary>
    private sealed class StartSdk(OpenTelemetrySdk sdk) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.Run(() => sdk.TracerProvider.ForceFlush(2000), cancellationToken);
    }

    private sealed class OpenTelemetryLogs(IServiceProvider services) : ILoggerProvider
    {
        private readonly Lazy<ILoggerFactory> factory = new(() => services.GetRequiredService<OpenTelemetrySdk>().GetLoggerFactory());

        public ILogger CreateLogger(string categoryName) => factory.Value.CreateLogger(categoryName);

        public void Dispose()
        {
            // The SDK belongs to the container.
        }
    }
}
