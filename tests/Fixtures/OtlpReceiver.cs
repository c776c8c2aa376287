using System.Collections.Concurrent;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Opentelemetry.Proto.Collector.Metrics.V1;
using Opentelemetry.Proto.Collector.Trace.V1;
using Opentelemetry.Proto.Common.V1;
using Opentelemetry.Proto.Metrics.V1;
using Opentelemetry.Proto.Trace.V1;

namespace MedCor.Tests.Fixtures;

/// <summary>Represents an exported span.</summary>
/// <param name="Links">The IDs of the linked traces.</param>
/// <param name="Labels">The attributes that are text.</param>
public sealed record Span(string Service, string TraceId, string SpanId, string ParentId, string Name, int Kind, TimeSpan Duration, IReadOnlyList<string> Links,
    IReadOnlyDictionary<string, string> Labels)
{
    /// <summary>Gets whether the status is Error.</summary>
    public bool IsError { get; init; }
}

/// <summary>Represents the last export of a process's histogram, with the number of recordings under these labels.</summary>
public sealed record Histogram(string Process, string Name, IReadOnlyDictionary<string, string> Labels, ulong Count);

/// <summary>Represents the last export of a process's gauge.</summary>
public sealed record Gauge(string Process, string Name, double Value);

/// <summary>Receives OTLP over HTTP, as a collector does. Keeps the spans, the latest histograms and gauges, and the raw bytes of every export.</summary>
public sealed class OtlpReceiver : IAsyncDisposable
{
    private readonly WebApplication _app;

    public ConcurrentQueue<Span> Spans { get; } = new();

    /// <summary>Gets the histograms, by process, name and labels.</summary>
    public ConcurrentDictionary<string, Histogram> Histograms { get; } = new();

    /// <summary>Gets the gauges without labels, by process and name.</summary>
    public ConcurrentDictionary<string, Gauge> Gauges { get; } = new();

    /// <summary>Gets the raw bytes of every export, to search for content that must not be exported.</summary>
    public ConcurrentQueue<byte[]> Bodies { get; } = new();

    public Uri Address { get; private set; } = null!;

    private OtlpReceiver(WebApplication app) => _app = app;

    /// <summary>Starts a receiver at a port, or at any free one.</summary>
    public static async Task<OtlpReceiver> Start(int port = 0)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        var app = builder.Build();
        var receiver = new OtlpReceiver(app);
        app.MapPost("/v1/{signal}", async (string signal, HttpContext http) =>
        {
            using var body = new MemoryStream();
            await http.Request.Body.CopyToAsync(body);
            receiver.Bodies.Enqueue(body.ToArray());
            if (signal == "traces") receiver.Read(ExportTraceServiceRequest.Parser.ParseFrom(body.ToArray()));
            if (signal == "metrics") receiver.Read(ExportMetricsServiceRequest.Parser.ParseFrom(body.ToArray()));
            http.Response.ContentType = "application/x-protobuf";
        });
        await app.StartAsync();
        receiver.Address = new(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
        return receiver;
    }

    private void Read(ExportTraceServiceRequest request)
    {
        foreach (var of in request.ResourceSpans)
        {
            var service = Text(of.Resource.Attributes).GetValueOrDefault("service.name", "");
            foreach (var span in of.ScopeSpans.SelectMany(scope => scope.Spans))
                Spans.Enqueue(new(
                    Service: service,
                    TraceId: Hex(span.TraceId),
                    SpanId: Hex(span.SpanId),
                    ParentId: Hex(span.ParentSpanId),
                    Name: span.Name,
                    Kind: (int)span.Kind,
                    Duration: TimeSpan.FromMicroseconds((span.EndTimeUnixNano - span.StartTimeUnixNano) / 1000.0),
                    Links: [.. span.Links.Select(link => Hex(link.TraceId))],
                    Labels: Text(span.Attributes))
                {
                    IsError = span.Status?.Code == Status.Types.StatusCode.Error,
                });
        }
    }

    private void Read(ExportMetricsServiceRequest request)
    {
        foreach (var of in request.ResourceMetrics)
        {
            var process = string.Join('/', Text(of.Resource.Attributes).OrderBy(a => a.Key).Select(a => a.Value));
            foreach (var metric in of.ScopeMetrics.SelectMany(scope => scope.Metrics))
            {
                foreach (var point in metric.Histogram?.DataPoints ?? [])
                {
                    var labels = Text(point.Attributes);
                    Histograms[$"{process} {metric.Name} {string.Join(' ', labels.OrderBy(l => l.Key))}"] = new(process, metric.Name, labels, point.Count);
                }
                foreach (var point in metric.Gauge?.DataPoints ?? [])
                    if (point is { Attributes.Count: 0, ValueCase: NumberDataPoint.ValueOneofCase.AsDouble })
                        Gauges[$"{process} {metric.Name}"] = new(process, metric.Name, point.AsDouble);
            }
        }
    }

    private static Dictionary<string, string> Text(IEnumerable<KeyValue> attributes) =>
        attributes.DistinctBy(a => a.Key).ToDictionary(a => a.Key, a => a.Value.StringValue);

    private static string Hex(ByteString bytes) => Convert.ToHexStringLower(bytes.Span);

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
