using System.Buffers;
using System.IO.Pipelines;

namespace MedCor.Gateway.HttpPipeline;

/// <summary>
/// Sends responses. The connection of a client that does not receive a response in time is aborted, so that the response does not stay in memory.
/// </summary>
internal static class ResponseSender
{
    /// <summary>The time within which a client must receive a response.</summary>
    public static readonly TimeSpan SendTimeout = TimeSpan.FromSeconds(60);

    private const int ChunkSize = 64 * 1024;

    /// <summary>Sends what has been written so far.</summary>
    public static ValueTask FlushAsync(HttpContext http) => WithSendTimeoutAsync(http, http.Response.BodyWriter.FlushAsync(http.RequestAborted));

    /// <summary>Sends a body that may be large in chunks, each when the previous one has been flushed, so that the body is in memory only once.</summary>
    public static Task SendAsync(HttpContext http, ReadOnlyMemory<byte> bytes) => SendAsync(http, new ReadOnlySequence<byte>(bytes));

    /// <inheritdoc cref="SendAsync(HttpContext, ReadOnlyMemory{byte})"/>
    public static async Task SendAsync(HttpContext http, ReadOnlySequence<byte> bytes)
    {
        var writer = http.Response.BodyWriter;
        if (bytes is { IsSingleSegment: true, Length: <= ChunkSize })
        {
            await WithSendTimeoutAsync(http, writer.WriteAsync(bytes.First, http.RequestAborted));
            return;
        }
        using var timeout = new CancellationTokenSource(SendTimeout, http.RequestServices.GetRequiredService<TimeProvider>());
        using var abort = timeout.Token.Register(http.Abort);
        foreach (var segment in bytes)
            for (var remaining = segment; remaining.Length > 0; remaining = remaining[Math.Min(ChunkSize, remaining.Length)..])
                if ((await writer.WriteAsync(remaining[..Math.Min(ChunkSize, remaining.Length)], http.RequestAborted)).IsCompleted) return;
    }

    /// <summary>Waits until the data is sent, aborting the connection on timeout; usually the send has already completed.</summary>
    private static async ValueTask WithSendTimeoutAsync(HttpContext http, ValueTask<FlushResult> sent)
    {
        if (!sent.IsCompletedSuccessfully)
        {
            using var timeout = new CancellationTokenSource(SendTimeout, http.RequestServices.GetRequiredService<TimeProvider>());
            using var abort = timeout.Token.Register(http.Abort);
            await sent;
        }
    }
}
