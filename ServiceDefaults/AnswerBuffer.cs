using System.Buffers;
using System.Text.Json;
using MedCor.Contracts;
using MedCor.ServiceDefaults.Problems;

namespace MedCor.ServiceDefaults;

/// <summary>
/// An answer while it is written, in memory that is borrowed: dispose of it. It has a bound, so that no list is longer than those on its way can hold; and nothing of it is sent before it is whole.
/// </summary>
public sealed class AnswerBuffer : IBufferWriter<byte>, IDisposable
{
    /// <summary>The longest answer, in bytes: a hundred things of <see cref="LargestThing"/> and what is around them.</summary>
    public const int Largest = 16 * 1024 * 1024;

    /// <summary>The longest that one thing may be, as it is answered, in bytes. What would become longer is not written.</summary>
    public const int LargestThing = 128 * 1024;

    private byte[] buffer = ArrayPool<byte>.Shared.Rent(4096);
    private int length;

    /// <summary>Gets the bytes that were written so far. They are valid until the buffer is disposed.</summary>
    public ReadOnlyMemory<byte> Written => buffer.AsMemory(0, length);

    /// <summary>Writes JSON. Throws what <see cref="TooLong"/> makes when it is too long.</summary>
    /// <param name="limit">How many things were asked for at once; none where it is not a list.</param>
    public static AnswerBuffer Of(Action<Utf8JsonWriter> write, Func<int?> limit)
    {
        var answer = new AnswerBuffer();
        try
        {
            using (var json = new Utf8JsonWriter(answer, new() { Encoder = Json.Options.Encoder, SkipValidation = true })) write(json);
            return answer;
        }
        catch (Overflow)
        {
            answer.Dispose();
            throw TooLong(limit());
        }
        catch
        {
            answer.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Advance(int count) => length += count;

    /// <inheritdoc/>
    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        var needed = length + (long)Math.Max(sizeHint, 1);
        if (needed > Largest) throw new Overflow();
        if (needed > buffer.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent((int)Math.Max(needed, buffer.Length * 2L));
            Written.CopyTo(larger);
            ArrayPool<byte>.Shared.Return(buffer);
            buffer = larger;
        }
        return buffer.AsMemory(length);
    }

    /// <inheritdoc/>
    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    /// <inheritdoc/>
    public void Dispose()
    {
        var gone = Interlocked.Exchange(ref buffer, []);
        length = 0;
        if (gone.Length > 0) ArrayPool<byte>.Shared.Return(gone);
    }

    /// <summary>What it means to who asked that there would be more than <see cref="Largest"/>.</summary>
    /// <param name="limit">How many they asked for at once; none where it was not a list.</param>
    public static Refusal TooLong(int? limit) => limit is > 1
        ? new Invalid("limit", $"makes an answer of more than {Largest / 1024 / 1024} MiB: ask for fewer at once, such as {Math.Max(1, limit.Value / 4)}, or for some of the fields alone")
        : new Conflict($"The answer would be larger than {Largest / 1024 / 1024} MiB. Ask for less.");

    /// <summary>There would be more than <see cref="Largest"/>.</summary>
    public sealed class Overflow : Exception;
}
