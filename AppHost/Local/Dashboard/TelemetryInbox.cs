using Microsoft.AspNetCore.Http;

namespace MedCor.Hosting.Dashboard;

/// <summary>Takes what services export by OTLP over HTTP. So far it is counted and dropped.</summary>
internal sealed class TelemetryInbox
{
    private long _traces;
    private long _metrics;
    private long _logs;

    /// <summary>How many batches of each have come.</summary>
    public object Counts => new { traces = Interlocked.Read(ref _traces), metrics = Interlocked.Read(ref _metrics), logs = Interlocked.Read(ref _logs) };

    public async Task TakeAsync(HttpContext http, string signal)
    {
        ref var count = ref _logs;
        switch (signal)
        {
            case "traces":
                count = ref _traces;
                break;
            case "metrics":
                count = ref _metrics;
                break;
        }

        Interlocked.Increment(ref count);
        await http.Request.Body.CopyToAsync(Stream.Null, http.RequestAborted);

        // The answer is an empty message: no bytes in protobuf, an empty object in JSON.
        http.Response.ContentType = http.Request.ContentType;
        if (http.Request.HasJsonContentType())
        {
            await http.Response.WriteAsync("{}", http.RequestAborted);
        }
    }
}
