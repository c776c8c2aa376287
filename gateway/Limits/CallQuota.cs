using MedCor.Contracts;
using MedCor.ServiceDefaults.Authentication;
using Microsoft.Extensions.Options;

namespace MedCor.Gateway.Limits;

/// <summary>
/// Charges calls to the quotas of their callers on every surface. All methods throw <see cref="RateLimited"/> when the quota of the current window is used up.
/// </summary>
internal sealed class CallQuota(RedisRateLimiter limiter, IOptions<LimitOptions> options)
{
    /// <summary>Gets the number of calls per window, and so the maximum number of calls in one request.</summary>
    public int MaxCalls => options.Value.CallsPerMinute is > 0 and var limit ? limit : int.MaxValue;

    /// <summary>
    /// Charges a request to its caller or, if the caller is unknown, to the client's address, which becomes the request's <see cref="CallerKey"/>. The
    /// response reports the remaining quota.
    /// </summary>
    /// <param name="policy">One of <see cref="RateLimitPolicy"/>.</param>
    public async ValueTask ChargeRequestAsync(HttpContext http, string policy)
    {
        if (http.Features.Get<CallerKey>() is { Value: var caller })
        {
            await ChargeAsync(http, policy, caller, options.Value.GetLimit(policy), calls: 1);
            return;
        }
        http.Features.Set(new CallerKey(NetworkKey.ForClient(http)));
        if (RateLimitPolicy.FindAttempts(policy) is not { } attempts)
        {
            await ChargeAddressAsync(http, policy, limiter.AcquireAsync);
            return;
        }
        await ChargeAddressAsync(http, attempts, limiter.AcquireAsync);
        await ChargeAddressAsync(http, policy, limiter.CheckAsync);
        http.Response.OnStarting(async () =>
        {
            if (http.Response.StatusCode is >= 400 and < 500) await ChargeAddressAsync(http, policy, limiter.AcquireAsync, mayThrow: false);
        });
    }

    /// <summary>Charges a request to the client's network and to the larger one around it. The response reports the quota of the smaller one.</summary>
    private async ValueTask ChargeAddressAsync(HttpContext http, string policy, Func<string, string, int, ValueTask<Quota>> charge, bool mayThrow = true)
    {
        var limit = options.Value.GetLimit(policy);
        if (limit == 0) return;
        var quota = await charge(policy, NetworkKey.ForClient(http), limit);
        http.Features.Set(quota); // written when the response starts, because an error clears the headers that are already set
        if (mayThrow) quota.ThrowIfExceeded();
        if (NetworkKey.ForSite(http.Connection.RemoteIpAddress) is not { } site) return;
        var quotaOfSite = await charge(policy, site, limit * NetworkKey.SiteMultiplier);
        if (mayThrow) quotaOfSite.ThrowIfExceeded();
    }

    /// <summary>Charges further calls in a request: all of them or, if there are too many, none.</summary>
    public ValueTask ChargeAsync(HttpContext http, Caller caller, int calls) =>
        ChargeAsync(http, RateLimitPolicy.Calls, CallerKey.Of(caller), options.Value.CallsPerMinute, calls);

    /// <summary>Charges a call on an open connection.</summary>
    public async ValueTask ChargeAsync(Caller caller)
    {
        if (options.Value.CallsPerMinute is > 0 and var limit)
            (await limiter.AcquireAsync(RateLimitPolicy.Calls, CallerKey.Of(caller), limit)).ThrowIfExceeded();
    }

    private async ValueTask ChargeAsync(HttpContext http, string policy, string callerKey, int limit, int calls)
    {
        if (limit == 0 || calls == 0) return;
        var quota = await limiter.AcquireAsync(policy, callerKey, limit, calls);
        http.Features.Set(quota); // written when the response starts, because an error clears the headers that are already set
        quota.ThrowIfExceeded();
    }
}
