using System.Buffers;

namespace MedCor.Gateway.Tools;

/// <summary>
/// What a service answered, byte for byte. Read to its end before anything of it is passed on: so a service that breaks
/// in the middle becomes an error and not half an answer. Its memory is borrowed; dispose of it.
/// </summary>
internal sealed class ToolAnswer : IDisposable
{
    /// <summary>The largest answer that is passed on: a page of a hundred rows at their longest.</summary>
    public const int Largest = 32 * 1024 * 1024;

    private byte[] buffer = ArrayPool<byte>.Shared.Rent(4096);
    private int length;

    public required int Status { get; init; }
    public required string ContentType { get; init; }

    /// <summary>Whether this is the answer to an earlier call with the same idempotency key.</summary>
    public required bool IsReplay { get; init; }

    /// <summary>After how many seconds a repetition may succeed, as the service wrote it.</summary>
    public required string? RetryAfter { get; init; }

    public ReadOnlyMemory<byte> Body => buffer.AsMemory(0, length);

    /// <summary>Reads an answer whole. Throws <see cref="HttpRequestException"/> or <see cref="IOException"/> when it ends too early.</summary>
    public static async Task<ToolAnswer> Read(HttpResponseMessage response, CancellationToken ct)
    {
        var answer = new ToolAnswer
        {
            Status = (int)response.StatusCode,
            ContentType = response.Content.Headers.NonValidated.TryGetValues("Content-Type", out var type) ? type.ToString() : "application/json",
            IsReplay = response.Headers.NonValidated.Contains("Idempotent-Replayed"),
            RetryAfter = response.Headers.NonValidated.TryGetValues("Retry-After", out var seconds) ? seconds.ToString() : null,
        };
        try
        {
            var stream = await response.Content.ReadAsStreamAsync(ct);
            int read;
            while ((read = await stream.ReadAsync(answer.Space(), ct)) > 0) answer.length += read;
            return answer;
        }
        catch
        {
            answer.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        var borrowed = Interlocked.Exchange(ref buffer, []);
        length = 0;
        if (borrowed.Length > 0) ArrayPool<byte>.Shared.Return(borrowed);
    }

    private Memory<byte> Space()
    {
        if (length == buffer.Length)
        {
            if (length >= Largest) throw new InvalidOperationException("A service's answer is larger than any page may be.");
            var larger = ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
            Body.CopyTo(larger);
            ArrayPool<byte>.Shared.Return(buffer);
            buffer = larger;
        }
        return buffer.AsMemory(length);
    }
}
