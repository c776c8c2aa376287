using MedCor.Hosting.Dashboard.Otlp;
using Microsoft.AspNetCore.Http;

namespace MedCor.Hosting.Dashboard.Telemetry;

/// <summary>
/// Takes what services export by OTLP over HTTP, as protobuf, and keeps the newest of it in memory. A body that is no such
/// message is refused and nothing of it kept.
/// </summary>
internal sealed class TelemetryInbox(TimeProvider clock)
{
    private const string Protobuf = "application/x-protobuf";
    private const int MiB = 1024 * 1024;

    // What one holds, estimates of 2 bytes a character included, is about an hour of a few calls a second.
    public TraceStore Traces { get; } = new(mostSpans: 60_000, mostBytes: 96 * MiB);

    public LogStore Logs { get; } = new(most: 20_000, mostBytes: 24 * MiB);

    public MetricStore Metrics { get; } = new(mostSeries: 6000, mostBytes: 48 * MiB, clock);

    public async Task TakeAsync(HttpContext http, string signal)
    {
        if (http.Request.ContentType != Protobuf || http.Request.Headers.ContentEncoding.Count > 0)
        {
            await RefuseAsync(http, StatusCodes.Status415UnsupportedMediaType, $"Send {Protobuf}, not compressed.");
            return;
        }

        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body, http.RequestAborted);
        try
        {
            if (Take(signal, body.GetBuffer().AsSpan(0, (int)body.Length)))
            {
                // The answer is an empty message, which has no bytes.
                http.Response.ContentType = Protobuf;
                return;
            }

            await RefuseAsync(http, StatusCodes.Status404NotFound, "There are traces, metrics and logs.");
        }
        catch (FormatException malformed)
        {
            await RefuseAsync(http, StatusCodes.Status400BadRequest, malformed.Message);
        }
    }

    private bool Take(string signal, ReadOnlySpan<byte> body)
    {
        switch (signal)
        {
            case "traces":
                Traces.Add(TraceRequest.Read(body));
                return true;
            case "logs":
                Logs.Add(LogRequest.Read(body));
                return true;
            case "metrics":
                Metrics.Add(MetricRequest.Read(body));
                return true;
            default:
                return false;
        }
    }

    private static Task RefuseAsync(HttpContext http, int status, string why)
    {
        (http.Response.StatusCode, http.Response.ContentType) = (status, "text/plain; charset=utf-8");
        return http.Response.WriteAsync(why, http.RequestAborted);
    }
}
