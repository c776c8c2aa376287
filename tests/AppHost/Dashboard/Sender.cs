using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace MedCor.Tests.AppHost.Dashboard;

/// <summary>A process that sends telemetry as MedCor's services do, by OpenTelemetry's own exporters.</summary>
internal sealed class Sender : IDisposable
{
    private readonly string sources = $"test.{Guid.NewGuid():N}";
    private readonly ActivitySource source;
    private readonly OpenTelemetrySdk sdk;

    public Sender(Uri receiver, string key = "", string service = "clinical")
    {
        void To(OtlpExporterOptions exporter, string signal)
        {
            exporter.Protocol = OtlpExportProtocol.HttpProtobuf;
            exporter.Endpoint = new(receiver, $"/v1/{signal}");
            exporter.Headers = $"x-otlp-api-key={key}";
        }

        source = new(sources);
        Meter = new(sources);
        sdk = OpenTelemetrySdk.Create(otel => otel
            .ConfigureResource(r => r.AddService(service, serviceInstanceId: $"{service}-1"))
            .WithTracing(t => t.AddSource(sources).AddOtlpExporter(o => To(o, "traces")))
            .WithMetrics(m => m.AddMeter(sources).AddOtlpExporter((o, _) => To(o, "metrics")))
            .WithLogging(l => l.AddOtlpExporter(o => To(o, "logs"))));
        Log = sdk.GetLoggerFactory().CreateLogger("MedCor.Tests");
    }

    public Meter Meter { get; }

    public ILogger Log { get; }

    /// <summary>Records a span that began some time ago and took so long; what is done within it is in its trace.</summary>
    public ActivityContext Span(
        string name, double milliseconds, ActivityKind kind = ActivityKind.Server, ActivityContext parent = default, double secondsAgo = 0, (string, object?)[]? tags = null, Action? within = null)
    {
        var begun = DateTimeOffset.UtcNow.AddSeconds(-secondsAgo);
        Activity.Current = null;
        using var span = source.StartActivity(kind, parent, tags?.Select(t => KeyValuePair.Create(t.Item1, t.Item2)), links: null, begun, name)!;
        within?.Invoke();
        span.SetEndTime(begun.UtcDateTime.AddMilliseconds(milliseconds));
        return span.Context;
    }

    /// <summary>The spans that a call of a tool makes at a gateway.</summary>
    public ActivityContext Call(string tool, double milliseconds, string outcome = "OK", double secondsAgo = 0, string? requestId = null) =>
        Span("POST /api/mcp/tools/invoke", milliseconds, secondsAgo: secondsAgo, tags: [("http.route", "/api/mcp/tools/invoke"), ("medcor.tool", tool), ("medcor.outcome", outcome), ("medcor.request_id", requestId)]);

    /// <summary>Sends what there is, and returns when it is received.</summary>
    public void Flush()
    {
        Assert.True(sdk.TracerProvider.ForceFlush(10_000) && sdk.MeterProvider.ForceFlush(10_000) && sdk.LoggerProvider.ForceFlush(10_000));
    }

    public void Dispose()
    {
        sdk.Dispose();
        source.Dispose();
        Meter.Dispose();
    }
}
