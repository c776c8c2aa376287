using System.Buffers;
using MedCor.ServiceDefaults.Tools;

namespace MedCor.Gateway.Tools;

/// <summary>
/// What a service answered, byte for byte. Read to its end before anything of it is passed on: so a service that breaks
/// in the middle becomes an error and not half an answer. Its memory may be borrowed; dispose of it.
/// </summary>
internal sealed class ToolAnswer : IDisposable
{
    /// <summary>The largest answer that is passed on: a page of a hundred rows at their longest.</summary>
    public const int Largest = 32 * 1024 * 1024;

    private byte[] buffer;
    private int length;
    private readonly bool isBorrowed;

    private ToolAnswer(byte[] buffer, int length, bool isBorrowed) => (this.buffer, this.length, this.isBorrowed) = (buffer, length, isBorrowed);

    public required int Status { get; init; }
    public required string ContentType { get; init; }

    /// <summary>Whether this is the answer to an earlier call with the same idempotency key.</summary>
    public bool IsReplay { get; init; }

    /// <summary>After how many seconds a repetition may succeed, as the service wrote it.</summary>
    public string? RetryAfter { get; init; }

    public ReadOnlyMemory<byte> Body => buffer.AsMemory(0, length);

    /// <summary>A result that was kept.</summary>
    public static ToolAnswer Of(byte[] result) => new(result, result.Length, isBorrowed: false) { Status = 200, ContentType = "application/json" };

    /// <summary>Reads an answer whole. Throws <see cref="HttpRequestException"/> or <see cref="IOException"/> when it ends too early.</summary>
    public static async Task<ToolAnswer> Read(HttpResponseMessage response, CancellationToken ct)
    {
        var answer = new ToolAnswer(ArrayPool<byte>.Shared.Rent(4096), 0, isBorrowed: true)
        {
            Status = (int)response.StatusCode,
            ContentType = response.Content.Headers.NonValidated.TryGetValues("Content-Type", out var type) ? type.ToString() : "application/json",
            IsReplay = response.Headers.NonValidated.Contains(IdempotencyHeaders.Replayed),
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
        var gone = Interlocked.Exchange(ref buffer, []);
        length = 0;
        if (isBorrowed && gone.Length > 0) ArrayPool<byte>.Shared.Return(gone);
    }

    /// <summary>Answers a request with it.</summary>
    public async Task WriteTo(HttpContext http)
    {
        var response = http.Response;
        response.StatusCode = Status;
        response.ContentType = ContentType;
        response.ContentLength = Body.Length;
        if (IsReplay) response.Headers[IdempotencyHeaders.Replayed] = "true";
        if (RetryAfter is { } seconds) response.Headers.RetryAfter = seconds;
        await response.BodyWriter.WriteAsync(Body, http.RequestAborted);
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
