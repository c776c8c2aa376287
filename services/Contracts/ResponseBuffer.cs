using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;

namespace MedCor.Contracts;

/// <summary>
/// An answer while it is written, in memory that is borrowed: dispose of it. It has a bound, so that no list is longer than those on its way can hold; and nothing of it is sent before it is whole.
/// </summary>
public sealed class ResponseBuffer : IBufferWriter<byte>, IDisposable
{
    /// <summary>The longest answer, in bytes: a hundred things of <see cref="MaxEntityLength"/> and what is around them.</summary>
    public const int MaxLength = 16 * 1024 * 1024;

    /// <summary>The longest that one thing may be, as it is answered, in bytes. What would become longer is not written.</summary>
    public const int MaxEntityLength = 128 * 1024;

    /// <summary>Pieces that the garbage collector can move, from a pool: an array of mebibytes would leave a hole, and one that doubles would lie there twice.</summary>
    private static readonly PipeOptions PooledSegments = new(pauseWriterThreshold: 0, minimumSegmentSize: 32 * 1024, useSynchronizationContext: false);

    private readonly Pipe _pipe = new(PooledSegments);
    private long _length;

    /// <summary>Gets what was written. It is valid until the buffer is disposed.</summary>
    public ReadOnlySequence<byte> WrittenSequence { get; private set; }

    /// <summary>Writes JSON. Throws what <see cref="CreateTooLargeException"/> makes when it is too long.</summary>
    /// <param name="limit">How many things were asked for at once; none where it is not a list.</param>
    public static ResponseBuffer WriteJson(Action<Utf8JsonWriter> write, int? limit)
    {
        var answer = new ResponseBuffer();
        try
        {
            using (var json = new Utf8JsonWriter(answer, new() { Encoder = Json.Options.Encoder, SkipValidation = true })) write(json);
            answer.Complete();
            return answer;
        }
        catch (BufferLimitExceededException)
        {
            answer.Dispose();
            throw CreateTooLargeException(limit);
        }
        catch
        {
            answer.Dispose();
            throw;
        }
    }

    /// <summary>Sends it: a piece when the one before is on its way.</summary>
    public async ValueTask CopyToAsync(PipeWriter to, CancellationToken ct)
    {
        foreach (var piece in WrittenSequence)
            if ((await to.WriteAsync(piece, ct)).IsCompleted) return;
    }

    /// <inheritdoc/>
    public void Advance(int count)
    {
        _length += count;
        _pipe.Writer.Advance(count);
    }

    /// <inheritdoc/>
    public Memory<byte> GetMemory(int sizeHint = 0) => _length + Math.Max(sizeHint, 1) > MaxLength ? throw new BufferLimitExceededException() : _pipe.Writer.GetMemory(sizeHint);

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
        // It is all there: nothing has to be waited for.
        if (_pipe.Reader.TryRead(out var all)) WrittenSequence = all.Buffer;
    }

    /// <summary>What it means to who asked that there would be more than <see cref="MaxLength"/>.</summary>
    /// <param name="limit">How many they asked for at once; none where it was not a list.</param>
    public static ApiException CreateTooLargeException(int? limit) => limit is > 1
        ? new ValidationFailed("limit", $"makes an answer of more than {MaxLength / 1024 / 1024} MiB: ask for fewer at once, such as {Math.Max(1, limit.Value / 4)}, or for some of the fields alone")
        : new Conflict($"The answer would be larger than {MaxLength / 1024 / 1024} MiB. Ask for less.");

    /// <summary>There would be more than <see cref="MaxLength"/>.</summary>
    public sealed class BufferLimitExceededException : Exception;
}
