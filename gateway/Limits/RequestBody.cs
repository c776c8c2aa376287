using System.Buffers;
using System.IO.Pipelines;
using MedCor.Contracts;
using MedCor.ServiceDefaults;
using MedCor.ServiceDefaults.Errors;

namespace MedCor.Gateway.Limits;

/// <summary>Represents a request body that has been read completely and stays in the buffers of the request. Valid until it is disposed of.</summary>
internal readonly struct RequestBody : IDisposable
{
    /// <summary>
    /// The size up to which a body is read to its end even when it is rejected for its length: a client whose connection is closed while it still sends may
    /// never receive the response. The bytes above the limit are discarded as they arrive.
    /// </summary>
    public const int MaxDrainedBytes = 16 * 1024 * 1024;

    /// <summary>The time within which a body must be complete, whatever its length and even if it is rejected for its length.</summary>
    public static readonly TimeSpan ReadTimeout = TimeSpan.FromSeconds(30);

    private readonly PipeReader _reader;
    private readonly BufferedBytesLimiter.BufferLease _lease;

    private RequestBody(PipeReader reader, ReadOnlySequence<byte> bytes, BufferedBytesLimiter.BufferLease lease) =>
        (_reader, Bytes, _lease) = (reader, SkipByteOrderMark(bytes), lease);

    public ReadOnlySequence<byte> Bytes { get; }

    /// <summary>
    /// Reads a JSON body. Throws <see cref="UnsupportedMediaType"/> when its media type is not JSON, and otherwise as <see cref="ReadAsync"/> does.
    /// </summary>
    public static ValueTask<RequestBody> ReadJsonAsync(HttpContext http) =>
        http.Request.HasJsonContentType() ? ReadAsync(http) : throw new UnsupportedMediaType();

    /// <summary>
    /// Reads a body of any type. Throws <see cref="PayloadTooLarge"/> when it exceeds 1 MiB or the given size, <see cref="RequestTimeout"/> when it does
    /// not arrive in time, <see cref="Unavailable"/> when too many other bodies are in memory.
    /// </summary>
    public static async ValueTask<RequestBody> ReadAsync(HttpContext http, int maxSize = MedCorDefaults.MaxRequestBodySize)
    {
        var (services, reader, aborted) = (http.RequestServices, http.Request.BodyReader, http.RequestAborted);
        var lease = services.GetRequiredService<BufferedBytesLimiter>().CreateLease(http.Features.Get<CallerKey>()?.Value);
        CancellationTokenSource? timeout = null, cancellation = null;
        var isTooLarge = false;
        try
        {
            while (true)
            {
                if (!reader.TryRead(out var read))
                {
                    timeout ??= new(ReadTimeout, services.GetRequiredService<TimeProvider>());
                    cancellation ??= CancellationTokenSource.CreateLinkedTokenSource(aborted, timeout.Token);
                    read = await reader.ReadAsync(cancellation.Token);
                }
                isTooLarge |= read.Buffer.Length > maxSize;
                if (isTooLarge)
                {
                    lease.Dispose();
                    reader.AdvanceTo(read.Buffer.End);
                    if (read.IsCompleted) throw new PayloadTooLarge(maxSize);
                    continue;
                }
                try
                {
                    lease.Resize(read.Buffer.Length);
                }
                catch
                {
                    reader.AdvanceTo(read.Buffer.End);
                    throw;
                }
                if (read.IsCompleted) return new(reader, read.Buffer, lease);
                reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            }
        }
        catch (OperationCanceledException) when (timeout is { IsCancellationRequested: true } && !aborted.IsCancellationRequested)
        {
            lease.Dispose();
            throw isTooLarge ? new PayloadTooLarge(maxSize) : new RequestTimeout();
        }
        catch
        {
            lease.Dispose();
            throw;
        }
        finally
        {
            cancellation?.Dispose();
            timeout?.Dispose();
        }
    }

    /// <summary>Skips a byte order mark, which some programs write at the beginning of every text and which RFC 8259 allows a parser to ignore.</summary>
    private static ReadOnlySequence<byte> SkipByteOrderMark(in ReadOnlySequence<byte> bytes) =>
        bytes.FirstSpan.StartsWith("\uFEFF"u8) ? bytes.Slice(3) : bytes;

    public void Dispose()
    {
        _reader.AdvanceTo(Bytes.End);
        _lease.Dispose();
    }
}
