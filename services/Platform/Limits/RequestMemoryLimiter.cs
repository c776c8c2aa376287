using System.Threading.RateLimiting;
using MedCor.Contracts;
using MedCor.ServiceDefaults;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;

namespace MedCor.Platform.Limits;

/// <summary>
/// Divides the memory of a service among its calls: a quarter for request bodies, half for responses. A call waits until the maximum that it can use is
/// available, before it allocates. Bodies and responses are counted separately, so that calls cannot wait for each other.
/// </summary>
internal sealed class RequestMemoryLimiter : IDisposable
{
    /// <summary>The time after which a waiting call is rejected.</summary>
    public static readonly TimeSpan QueueTimeout = TimeSpan.FromSeconds(10);

    /// <summary>The size in bytes of the units in which memory is counted.</summary>
    private const int BytesPerUnit = 64 * 1024;

    /// <summary>The copies of a JSON text in memory: its text, at two bytes per character, and its UTF-8 bytes, in a buffer that doubles.</summary>
    private const int CopiesInMemory = 4;

    private readonly ConcurrencyLimiter _bodies;
    private readonly ConcurrencyLimiter _responses;
    private readonly (int Body, int Answer) _maxUnits;

    public RequestMemoryLimiter() : this(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes)
    {
    }

    /// <param name="available">The memory of the process in bytes.</param>
    internal RequestMemoryLimiter(long available)
    {
        // However little memory there is, the largest body or response fits when it is the only one.
        _maxUnits = (Math.Max(ToUnits(available / 4), ToUnits(CopiesInMemory * (long)MedCorDefaults.MaxRequestBodySize)),
            Math.Max(ToUnits(available / 2), ToUnits(CopiesInMemory * (long)ResponseBuffer.MaxLength)));
        (_bodies, _responses) = (Limiter(_maxUnits.Body), Limiter(_maxUnits.Answer));

        static ConcurrencyLimiter Limiter(int units) =>
            new(new() { PermitLimit = units, QueueLimit = int.MaxValue, QueueProcessingOrder = QueueProcessingOrder.OldestFirst });
    }

    /// <summary>Acquires the memory for a request body. Dispose of the lease when the call ends.</summary>
    /// <param name="length">The length of the body in bytes; null if unknown.</param>
    /// <exception cref="Unavailable">The memory did not become available within <see cref="QueueTimeout"/>.</exception>
    public ValueTask<RateLimitLease> AcquireForBodyAsync(long? length, CancellationToken ct) =>
        AcquireAsync(_bodies, Math.Clamp(ToUnits(CopiesInMemory * (length ?? MedCorDefaults.MaxRequestBodySize)), 1, _maxUnits.Body), ct);

    /// <summary>Acquires the memory for a response, before its data is read. Dispose of the lease when the response has been sent.</summary>
    /// <param name="maxEntities">The maximum number of entities in the response.</param>
    /// <exception cref="Unavailable">The memory did not become available within <see cref="QueueTimeout"/>.</exception>
    public ValueTask<RateLimitLease> AcquireForResponseAsync(int maxEntities, CancellationToken ct) =>
        AcquireAsync(_responses, Math.Min(ToUnits(CopiesInMemory * (long)ResponseBuffer.MaxEntityLength * maxEntities), _maxUnits.Answer), ct);

    public void Dispose()
    {
        _bodies.Dispose();
        _responses.Dispose();
    }

    private static int ToUnits(long bytes) => (int)Math.Min((bytes + BytesPerUnit - 1) / BytesPerUnit, int.MaxValue / 2);

    private static async ValueTask<RateLimitLease> AcquireAsync(ConcurrencyLimiter limiter, int units, CancellationToken ct)
    {
        if (limiter.AttemptAcquire(units) is { IsAcquired: true } lease) return lease;
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(ct);
        timeout.CancelAfter(QueueTimeout);
        try
        {
            return await limiter.AcquireAsync(units, timeout.Token);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            throw new Unavailable("The service is processing as much data as its memory allows. Retry shortly.", retryAfter: 1);
        }
    }
}

internal static class RequestMemoryLimiterExtensions
{
    /// <summary>Delays calls with a body until there is memory for it.</summary>
    public static IApplicationBuilder UseRequestMemoryLimiter(this IApplicationBuilder app)
    {
        var memory = app.ApplicationServices.GetRequiredService<RequestMemoryLimiter>();
        return app.Use(async (http, next) =>
        {
            if (http.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: false })
            {
                await next(http);
                return;
            }
            using var lease = await memory.AcquireForBodyAsync(http.Request.ContentLength, http.RequestAborted);
            await next(http);
        });
    }
}
