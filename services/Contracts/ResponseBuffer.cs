using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;

namespace MedCor.Contracts;

/// <summary>
/// Buffers a response in pooled memory while it is written; dispose the buffer after use. Its size is limited to what every component on the way of the
/// response can hold, and nothing is sent before the response is complete.
/// </summary>
public sealed class ResponseBuffer : IBufferWriter<byte>, IDisposable
{
    /// <summary>The maximum length of a response, in bytes: one hundred entities of <see cref="MaxEntityLength"/> and the JSON around them.</summary>
    public const int MaxLength = 16 * 1024 * 1024;

    /// <summary>The maximum length of one entity in a response, in bytes. An entity that would exceed it is not stored.</summary>
    public const int MaxEntityLength = 128 * 1024;

    /// <summary>
    /// The options of the pipe: pooled segments that the garbage collector can move. An array of mebibytes would fragment the heap, and one that grows by
    /// doubling would exist twice.
    /// </summary>
    private static readonly PipeOptions PooledSegments = new(pauseWriterThreshold: 0, minimumSegmentSize: 32 * 1024, useSynchronizationContext: false);

    private readonly Pipe _pipe = new(PooledSegments);
    private long _length;

    /// <summary>Gets the written bytes. They are valid until the buffer is disposed.</summary>
    public ReadOnlySequence<byte> WrittenSequence { get; private set; }

    /// <summary>Writes JSON to a new buffer. Throws the exception of <see cref="CreateTooLargeException"/> when it is too long.</summary>
    /// <param name="limit">The requested number of entries; null when the response is not a list.</param>
    public static ResponseBuffer WriteJson(Action<Utf8JsonWriter> write, int? limit)
    {
        var buffer = new ResponseBuffer();
        try
        {
            using (var json = new Utf8JsonWriter(buffer, new() { Encoder = Json.Options.Encoder, SkipValidation = true })) write(json);
            buffer.Complete();
            return buffer;
        }
        catch (BufferLimitExceededException)
        {
            buffer.Dispose();
            throw CreateTooLargeException(limit);
        }
        catch
        {
            buffer.Dispose();
            throw;
        }
    }

    /// <summary>Sends the response in segments, each after the previous one was sent.</summary>
    public async ValueTask CopyToAsync(PipeWriter writer, CancellationToken ct)
    {
        foreach (var segment in WrittenSequence)
            if ((await writer.WriteAsync(segment, ct)).IsCompleted) return;
    }

    /// <inheritdoc/>
    public void Advance(int count)
    {
        _length += count;
        _pipe.Writer.Advance(count);
    }

    /// <inheritdoc/>
    public Memory<byte> GetMemory(int sizeHint = 0) =>
        _length + Math.Max(sizeHint, 1) > MaxLength ? throw new BufferLimitExceededException() : _pipe.Writer.GetMemory(sizeHint);

    /// <inheritdoc/>
    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    /// <inheritdoc/>
    public void Dispose()
    {
        WrittenSequence = default;
        _pipe.Writer.Complete();
        _pipe.Reader.Complete();
    }

    private void Complete()
    {
        _pipe.Writer.Complete();
        // The writer is completed, so the read does not have to wait.
        if (_pipe.Reader.TryRead(out var result)) WrittenSequence = result.Buffer;
    }

    /// <summary>Creates the error that a caller receives when a response would exceed <see cref="MaxLength"/>.</summary>
    /// <param name="limit">The requested number of entries; null when the response is not a list.</param>
    public static ApiException CreateTooLargeException(int? limit) => limit is > 1
        ? new ValidationFailed("limit",
            $"makes an answer of more than {MaxLength / 1024 / 1024} MiB: request fewer at once, "
                + $"such as {Math.Max(1, limit.Value / 4)}, or only some of the fields")
        : new Conflict($"The response would be larger than {MaxLength / 1024 / 1024} MiB. Request less.");

    /// <summary>The exception that is thrown when a response would exceed <see cref="MaxLength"/>.</summary>
    public sealed class BufferLimitExceededException : Exception;
}
