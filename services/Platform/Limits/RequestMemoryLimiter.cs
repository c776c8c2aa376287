using System.Threading.RateLimiting;
using MedCor.Contracts;
using MedCor.ServiceDefaults;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;

namespace MedCor.Platform.Limits;

/// <summary>
/// Divides the memory that a service may have among its calls: a quarter for the bodies that it reads, half for what it answers. A call has its share before it takes memory, counted as
/// the most that it can take, and waits for it. Bodies and answers are counted apart, so that no call waits for one that waits for it.
/// </summary>
internal sealed class RequestMemoryLimiter : IDisposable
{
    /// <summary>A call that has waited so long for its share is refused.</summary>
    public static readonly TimeSpan QueueTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Memory is counted in units of so many bytes.</summary>
    private const int BytesPerUnit = 64 * 1024;

    /// <summary>JSON in UTF-8 is in memory as its text, of two bytes a character, and as its bytes, in a buffer that doubles.</summary>
    private const int CopiesInMemory = 4;

    private readonly ConcurrencyLimiter _bodies;
    private readonly ConcurrencyLimiter _responses;
    private readonly (int Body, int Answer) _maxUnits;

    public RequestMemoryLimiter() : this(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes)
    {
    }

    /// <param name="available">How much memory the process may have, in bytes.</param>
    internal RequestMemoryLimiter(long available)
    {
        // However little there is, the largest can be had alone.
        _maxUnits = (Math.Max(ToUnits(available / 4), ToUnits(CopiesInMemory * (long)MedCorDefaults.MaxRequestBodySize)), Math.Max(ToUnits(available / 2), ToUnits(CopiesInMemory * (long)ResponseBuffer.MaxLength)));
        (_bodies, _responses) = (Limiter(_maxUnits.Body), Limiter(_maxUnits.Answer));

        static ConcurrencyLimiter Limiter(int units) => new(new() { PermitLimit = units, QueueLimit = int.MaxValue, QueueProcessingOrder = QueueProcessingOrder.OldestFirst });
    }

    /// <summary>The share of a call for its body. Dispose of it when the call is over. Throws <see cref="Unavailable"/> when there is none for too long.</summary>
    /// <param name="length">How long the body is, in bytes; null when it is not known.</param>
    public ValueTask<RateLimitLease> AcquireForBodyAsync(long? length, CancellationToken ct) => AcquireAsync(_bodies, Math.Clamp(ToUnits(CopiesInMemory * (length ?? MedCorDefaults.MaxRequestBodySize)), 1, _maxUnits.Body), ct);

    /// <summary>The share of a call for its answer, before it reads what it answers. Dispose of it when it is sent. Throws <see cref="Unavailable"/> when there is none for too long.</summary>
    /// <param name="things">How many things it may answer with.</param>
    public ValueTask<RateLimitLease> AcquireForResponseAsync(int things, CancellationToken ct) => AcquireAsync(_responses, Math.Min(ToUnits(CopiesInMemory * (long)ResponseBuffer.MaxEntityLength * things), _maxUnits.Answer), ct);

    public void Dispose()
    {
        _bodies.Dispose();
        _responses.Dispose();
    }

    private static int ToUnits(long bytes) => (int)Math.Min((bytes + BytesPerUnit - 1) / BytesPerUnit, int.MaxValue / 2);

    private static async ValueTask<RateLimitLease> AcquireAsync(ConcurrencyLimiter limiter, int units, CancellationToken ct)
    {
        if (limiter.AttemptAcquire(units) is { IsAcquired: true } lease) return lease;
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(QueueTimeout);
        try
        {
            return await limiter.AcquireAsync(units, patience.Token);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            throw new Unavailable("More is under way at this moment than there is room for. Try again shortly.", retryAfter: 1);
        }
    }
}

internal static class RequestMemoryLimiterExtensions
{
    /// <summary>Holds a call with a body back until there is memory for it.</summary>
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
            using var share = await memory.AcquireForBodyAsync(http.Request.ContentLength, http.RequestAborted);
            await next(http);
        });
    }
}
