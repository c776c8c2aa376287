using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace MedCor.Tests.EndToEnd;

/// <summary>A span as it was exported.</summary>
/// <param name="Links">The traces that it is linked to.</param>
/// <param name="Labels">Its attributes that are text.</param>
public sealed record Span(string Service, string TraceId, string SpanId, string ParentId, string Name, int Kind, TimeSpan Duration, IReadOnlyList<string> Links, IReadOnlyDictionary<string, string> Labels);

/// <summary>A histogram of one process as it was exported last: how often it was recorded with these labels.</summary>
public sealed record Histogram(string Process, string Name, IReadOnlyDictionary<string, string> Labels, ulong Count);

/// <summary>A gauge of one process as it was exported last.</summary>
public sealed record Gauge(string Process, string Name, double Value);

/// <summary>Receives OTLP over HTTP as a collector does, and keeps the spans, the newest histograms and gauges, and the raw bytes of everything that came.</summary>
public sealed class OtlpReceiver : IAsyncDisposable
{
    private readonly WebApplication app;

    public ConcurrentQueue<Span> Spans { get; } = new();

    /// <summary>By process, name and labels.</summary>
    public ConcurrentDictionary<string, Histogram> Histograms { get; } = new();

    /// <summary>Those without labels, by process and name.</summary>
    public ConcurrentDictionary<string, Gauge> Gauges { get; } = new();

    /// <summary>Everything received, for looking for what must not be in it.</summary>
    public ConcurrentQueue<byte[]> Bodies { get; } = new();

    public Uri Address { get; private set; } = null!;

    private OtlpReceiver(WebApplication app) => this.app = app;

    public static async Task<OtlpReceiver> Start()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var receiver = new OtlpReceiver(app);
        app.MapPost("/v1/{signal}", async (string signal, HttpContext http) =>
        {
            using var body = new MemoryStream();
            await http.Request.Body.CopyToAsync(body);
            receiver.Bodies.Enqueue(body.ToArray());
            if (signal == "traces") receiver.Read(body.ToArray());
            if (signal == "metrics") receiver.ReadMetrics(body.ToArray());
            http.Response.ContentType = "application/x-protobuf";
        });
        await app.StartAsync();
        receiver.Address = new(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
        return receiver;
    }

    /// <summary>Field numbers are those of opentelemetry/proto/collector/trace/v1 and opentelemetry/proto/trace/v1.</summary>
    private void Read(ReadOnlyMemory<byte> request)
    {
        foreach (var (_, resourceSpans) in Fields(request).Where(f => f.Number == 1))
        {
            var service = "";
            foreach (var (_, resource) in Fields(resourceSpans).Where(f => f.Number == 1))
                foreach (var (_, attribute) in Fields(resource).Where(f => f.Number == 1))
                    if (Text(Field(attribute, 1)) == "service.name") service = Text(Field(Field(attribute, 2), 1));

            foreach (var (_, scope) in Fields(resourceSpans).Where(f => f.Number == 2))
                foreach (var (_, span) in Fields(scope).Where(f => f.Number == 2))
                    Spans.Enqueue(new(service, Hex(Field(span, 1)), Hex(Field(span, 2)), Hex(Field(span, 4)), Text(Field(span, 5)), Field(span, 6) is { Length: > 0 } kind ? kind.Span[0] : 0,
                        TimeSpan.FromMicroseconds((BitConverter.ToUInt64(Field(span, 8).Span) - BitConverter.ToUInt64(Field(span, 7).Span)) / 1000.0),
                        [.. Fields(span).Where(f => f.Number == 13).Select(link => Hex(Field(link.Value, 1)))], Attributes(span, 9)));
        }
    }

    /// <summary>Field numbers are those of opentelemetry/proto/collector/metrics/v1 and opentelemetry/proto/metrics/v1.</summary>
    private void ReadMetrics(ReadOnlyMemory<byte> request)
    {
        foreach (var (_, resourceMetrics) in Fields(request).Where(f => f.Number == 1))
        {
            var process = string.Join('/', Attributes(Field(resourceMetrics, 1), 1).OrderBy(a => a.Key).Select(a => a.Value));
            foreach (var metric in from scope in Fields(resourceMetrics) where scope.Number == 2 from metric in Fields(scope.Value) where metric.Number == 2 select metric.Value)
            {
                foreach (var (_, point) in Fields(Field(metric, 9)).Where(f => f.Number == 1))
                {
                    var (name, labels) = (Text(Field(metric, 1)), Attributes(point, 9));
                    Histograms[$"{process} {name} {string.Join(' ', labels.OrderBy(l => l.Key))}"] = new(process, name, labels, BitConverter.ToUInt64(Field(point, 4).Span));
                }
                foreach (var (_, point) in Fields(Field(metric, 5)).Where(f => f.Number == 1))
                    if (Attributes(point, 7).Count == 0 && Field(point, 4) is { Length: 8 } value)
                        Gauges[$"{process} {Text(Field(metric, 1))}"] = new(process, Text(Field(metric, 1)), BitConverter.ToDouble(value.Span));
            }
        }
    }

    private static Dictionary<string, string> Attributes(ReadOnlyMemory<byte> message, int number) =>
        Fields(message).Where(f => f.Number == number).DistinctBy(f => Text(Field(f.Value, 1))).ToDictionary(f => Text(Field(f.Value, 1)), f => Text(Field(Field(f.Value, 2), 1)));

    private static string Text(ReadOnlyMemory<byte> bytes) => Encoding.UTF8.GetString(bytes.Span);

    private static string Hex(ReadOnlyMemory<byte> bytes) => Convert.ToHexStringLower(bytes.Span);

    private static ReadOnlyMemory<byte> Field(ReadOnlyMemory<byte> message, int number) => Fields(message).FirstOrDefault(f => f.Number == number).Value;

    /// <summary>The fields of a protobuf message; of a varint its own bytes.</summary>
    private static IEnumerable<(int Number, ReadOnlyMemory<byte> Value)> Fields(ReadOnlyMemory<byte> message)
    {
        for (var at = 0; at < message.Length;)
        {
            var key = Varint(message, ref at);
            var start = at;
            switch (key & 7)
            {
                case 0: Varint(message, ref at); break;
                case 1: at += 8; break;
                case 2: var length = (int)Varint(message, ref at); start = at; at += length; break;
                case 5: at += 4; break;
                default: throw new FormatException("Not a protobuf message.");
            }
            yield return ((int)(key >> 3), message[start..at]);
        }
    }

    private static ulong Varint(ReadOnlyMemory<byte> message, ref int at)
    {
        ulong value = 0;
        for (var shift = 0; ; shift += 7)
        {
            var b = message.Span[at++];
            value |= (ulong)(b & 0x7F) << shift;
            if (b < 0x80) return value;
        }
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();
}
