using MedCor.Contracts;
using MedCor.Gateway.HttpPipeline;
using MedCor.Gateway.Limits;

namespace MedCor.Gateway.ToolInvocation;

/// <summary>
/// Represents the unchanged response of a service. It is read completely before any of it is forwarded, so that a service that fails in the middle produces
/// an error and not half a response. Dispose of it to return the rented buffer.
/// </summary>
internal sealed class ToolResponse : IDisposable
{
    private readonly BufferedBytesLimiter.BufferLease? _lease;
    private byte[] _buffer;
    private int _length;

    private ToolResponse(byte[] buffer, int length, BufferedBytesLimiter.BufferLease? lease) => (_buffer, _length, _lease) = (buffer, length, lease);

    public required int Status { get; init; }
    public required string ContentType { get; init; }

    /// <summary>Gets whether this is the stored response to an earlier call with the same idempotency key.</summary>
    public bool IsReplay { get; init; }

    /// <summary>Gets the number of seconds after which a retry may succeed, as the service wrote it.</summary>
    public string? RetryAfter { get; init; }

    /// <summary>Gets the <c>WWW-Authenticate</c> header of the service, which names the scope that the token lacks.</summary>
    public string? Challenge { get; init; }

    public ReadOnlyMemory<byte> Body => _buffer.AsMemory(0, _length);

    /// <summary>Creates a response from a cached result.</summary>
    public static ToolResponse FromCached(byte[] result) => new(result, result.Length, lease: null) { Status = 200, ContentType = "application/json" };

    /// <summary>
    /// Reads a response completely. Throws <see cref="HttpRequestException"/> or <see cref="IOException"/> when it ends too early,
    /// <see cref="Unavailable"/> or <see cref="RateLimited"/> when there is no memory for it.
    /// </summary>
    /// <param name="lease">The lease that counts the memory.</param>
    public static async Task<ToolResponse> ReadAsync(HttpResponseMessage response, BufferedBytesLimiter.BufferLease lease, CancellationToken ct)
    {
        var result = new ToolResponse(BufferedBytesLimiter.Arrays.Rent(4096), 0, lease)
        {
            Status = (int)response.StatusCode,
            ContentType = response.Content.Headers.NonValidated.TryGetValues("Content-Type", out var type) ? type.ToString() : "application/json",
            IsReplay = response.Headers.NonValidated.Contains(IdempotencyHeaders.Replayed),
            RetryAfter = response.Headers.NonValidated.TryGetValues("Retry-After", out var seconds) ? seconds.ToString() : null,
            Challenge = response.Headers.NonValidated.TryGetValues("WWW-Authenticate", out var challenge) ? challenge.ToString() : null,
        };
        try
        {
            var stream = await response.Content.ReadAsStreamAsync(ct);
            int read;
            while ((read = await stream.ReadAsync(result.GetSpace(), ct)) > 0) result._length += read;
            lease.TrimReservation(result._buffer.Length);
            return result;
        }
        catch
        {
            result.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        var released = Interlocked.Exchange(ref _buffer, []);
        _length = 0;
        if (_lease is null || released.Length == 0) return;
        BufferedBytesLimiter.Arrays.Return(released);
        _lease.Dispose();
    }

    /// <summary>Writes this response as the response of a request.</summary>
    public async Task WriteToAsync(HttpContext http)
    {
        var response = http.Response;
        response.StatusCode = Status;
        response.ContentType = ContentType;
        response.ContentLength = Body.Length;
        if (IsReplay) response.Headers[IdempotencyHeaders.Replayed] = "true";
        if (RetryAfter is { } seconds) response.Headers.RetryAfter = seconds;
        if (Challenge is not null) response.Headers.WWWAuthenticate = Challenge;
        await ResponseSender.SendAsync(http, Body);
    }

    private Memory<byte> GetSpace()
    {
        if (_length == _buffer.Length)
        {
            if (_length >= BufferedBytesLimiter.MaxResponseLength)
                throw new Unavailable("The response is larger than the maximum of one response. Request fewer entities at once.");
            _lease!.Resize(_buffer.Length * 2L);
            var larger = BufferedBytesLimiter.Arrays.Rent(_buffer.Length * 2);
            Body.CopyTo(larger);
            BufferedBytesLimiter.Arrays.Return(_buffer);
            _buffer = larger;
        }
        return _buffer.AsMemory(_length);
    }
}
