using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.Gateway.Limits;
using MedCor.ServiceDefaults;
using MedCor.ServiceDefaults.Authentication;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Options;

namespace MedCor.Gateway.Authentication;

/// <summary>
/// Exchanges API keys for access tokens at Identity, because services trust nothing else. The token of a key is used until shortly before it expires or until
/// it is revoked; many requests with a key cost one exchange. A key that is malformed or mistyped never reaches Identity, and one that Identity has rejected
/// does not for some seconds.
/// </summary>
/// <remarks>Keys are held in memory by their hash alone.</remarks>
internal sealed partial class ApiKeyTokens(TokenExchange exchange, ServiceHttpInvoker upstream, TokenValidator tokens, RedisRateLimiter limiter,
    IOptions<LimitOptions> options, TimeProvider clock, ILogger<ApiKeyTokens> log) : IDisposable
{
    /// <summary>The maximum number of keys whose tokens are remembered, and of reports of uses that are sent at once.</summary>
    private const int MaxCachedKeys = 10_000;
    private const int MaxReports = 16;

    /// <summary>The time for which a rejected key is rejected without asking Identity.</summary>
    private static readonly TimeSpan RejectionTime = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan ReportInterval = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(4);

    private readonly MemoryCache _cache = new(new MemoryCacheOptions { SizeLimit = MaxCachedKeys });
    private readonly ConcurrentDictionary<string, Lazy<Task<Entry>>> _exchanges = new();
    private readonly SemaphoreSlim _reports = new(MaxReports);

    /// <summary>Returns the API key of an <c>Authorization</c> header; null when it has another credential or none.</summary>
    public static string? FindKey(string authorization)
    {
        const string bearer = "Bearer ";
        return authorization.StartsWith(bearer, StringComparison.OrdinalIgnoreCase) && IsKey(authorization.AsSpan(bearer.Length).Trim())
            ? authorization[bearer.Length..].Trim()
            : null;
    }

    /// <summary>Returns whether a credential is meant to be an API key.</summary>
    public static bool IsKey(ReadOnlySpan<char> credential) => credential.StartsWith(ApiKeyFormat.Marker, StringComparison.Ordinal);

    /// <summary>Returns a valid access token for a key.</summary>
    /// <param name="client">The address that is charged when Identity must be asked; null for a connection that was authenticated before.</param>
    /// <exception cref="Unauthenticated">The key is not valid.</exception>
    /// <exception cref="RateLimited">Too many different keys were sent from the address.</exception>
    /// <exception cref="Unavailable">Identity did not answer.</exception>
    public async ValueTask<ExchangedToken> ExchangeAsync(string key, IPAddress? client, CancellationToken ct)
    {
        if (!ApiKeyFormat.IsWellFormed(key)) throw Invalid();
        var hash = Convert.ToHexString(ApiKeyFormat.HashOf(key));
        var known = _cache.Get<Entry>(hash);
        if (known is { Token: null }) throw Invalid();
        if (known is { Token: { } current } && tokens.IsStillValid(current.Caller) && clock.GetUtcNow() < known.RenewAt)
        {
            ReportUse(known);
            return current;
        }
        if (client is not null && options.Value.GetLimit(RateLimitPolicy.LogIns) is > 0 and var limit)
            (await limiter.AcquireAsync(RateLimitPolicy.ApiKeys, NetworkKey.ForClient(client), limit)).ThrowIfExceeded();

        // Requests with a key that arrive while it is exchanged wait for that exchange, which is not cancelled with any of them.
        var pending = _exchanges.GetOrAdd(hash, _ => new(() => RequestAsync(key, hash)));
        try
        {
            return (await pending.Value.WaitAsync(ct)).Token ?? throw Invalid();
        }
        catch (Unavailable) when (known?.Token is { } usable && tokens.IsStillValid(usable.Caller))
        {
            return usable;
        }
    }

    public void Dispose()
    {
        _cache.Dispose();
        _reports.Dispose();
    }

    private async Task<Entry> RequestAsync(string key, string hash)
    {
        // The exchange is registered before it can end.
        await Task.Yield();
        try
        {
            var issued = await exchange.RequestAsync("/api-keys/token", key);
            var now = clock.GetUtcNow();
            return issued is null
                ? Remember(hash, new(null, now, now), now + RejectionTime)
                : Remember(hash, new(issued, TokenExchange.GetRenewalTime(issued.Caller), now), issued.Caller.ExpiresAt);
        }
        finally
        {
            _exchanges.TryRemove(hash, out _);
        }
    }

    private Entry Remember(string hash, Entry entry, DateTimeOffset until) =>
        _cache.Set(hash, entry, new MemoryCacheEntryOptions { Size = 1, AbsoluteExpiration = until });

    /// <summary>Tells Identity, at most once a minute and without delaying a request, that a key is in use.</summary>
    private void ReportUse(Entry entry)
    {
        if (!entry.TryClaimReport(clock.GetUtcNow(), ReportInterval) || !_reports.Wait(0)) return;
        _ = ReportAsync(entry.Token!.Token);
    }

    private async Task ReportAsync(string token)
    {
        try
        {
            using var timeout = new CancellationTokenSource(RequestTimeout, clock);
            using var request = new HttpRequestMessage(HttpMethod.Post, "http://identity/sessions/used")
            {
                Headers = { Authorization = new AuthenticationHeaderValue("Bearer", token) },
            };
            using var response = await upstream.SendAsync(request, timeout.Token);
        }
        catch (Exception e) // any exception: the next report follows in a minute
        {
            LogNotReported(log, e.GetType().Name);
        }
        finally
        {
            _reports.Release();
        }
    }

    private static Unauthenticated Invalid() => new(ErrorCodes.AuthInvalid, "The API key is not valid, or no longer.");

    [LoggerMessage(6041, LogLevel.Warning, "Reporting the use of an API key failed; the next use is reported in a minute: {Kind}")]
    private static partial void LogNotReported(ILogger log, string kind);

    /// <param name="Token">The token of the key; null when Identity has rejected the key.</param>
    /// <param name="RenewAt">When the token is to be replaced.</param>
    private sealed record Entry(ExchangedToken? Token, DateTimeOffset RenewAt, DateTimeOffset ExchangedAt)
    {
        /// <summary>The time of the last report. Identity records the exchange itself.</summary>
        private long _reportedAt = ExchangedAt.UtcTicks;

        /// <summary>Returns whether the caller of this method has to report a use.</summary>
        public bool TryClaimReport(DateTimeOffset now, TimeSpan interval)
        {
            var last = Volatile.Read(ref _reportedAt);
            return now.UtcTicks - last >= interval.Ticks && Interlocked.CompareExchange(ref _reportedAt, now.UtcTicks, last) == last;
        }
    }
}
