using MedCor.ChatStreams;
using MedCor.Contracts;
using MedCor.Gateway.HttpPipeline;
using MedCor.Gateway.Limits;
using MedCor.Gateway.ToolInvocation;
using MedCor.ServiceDefaults.Authentication;
using MedCor.ServiceDefaults.Telemetry;
using Microsoft.Extensions.Options;

namespace MedCor.Gateway.Authentication;

/// <summary>
/// Where every request comes in whose sender is to be known: finds who it is and counts the call, so that no surface is without a bound. Whose token
/// does not count is counted by address. The answer tells what is left, whatever becomes of the call.
/// </summary>
internal sealed class RequestAdmission(TokenValidator check, RedisRateLimiter limit, IOptions<LimitOptions> options)
{
    private const string CallsPolicy = "calls";

    /// <summary>More than this no request can hold.</summary>
    public int MaxBatchCalls => options.Value.CallsPerMinute is > 0 and var most ? most : int.MaxValue;

    /// <summary>
    /// The sender of a request as a visitor of the tools. Throws <see cref="Unauthenticated"/> when their token is missing or does not count,
    /// <see cref="RateLimited"/> when they have called too often.
    /// </summary>
    /// <param name="surface">What they call through, for the figures: <c>invoke</c>, <c>batch</c>, …</param>
    public async ValueTask<InvocationContext> CreateContextAsync(HttpContext http, string surface) =>
        new(await AdmitAsync(http), http.Request.Headers.Authorization.ToString(), http.RequestId(), http.PeerAddress(), surface);

    /// <summary>The sender of a request. Throws as <see cref="CreateContextAsync"/> does.</summary>
    public ValueTask<Caller> AdmitAsync(HttpContext http) => AdmitAsync(http, check.AuthenticateAsync);

    /// <summary>The sender of a request, told by other means than a header. Throws as <see cref="CreateContextAsync"/> does, or as the means do.</summary>
    public ValueTask<Caller> AdmitAsync(HttpContext http, Func<HttpContext, ValueTask<Caller>> who) => AdmitAsync(http, who, GetCallerKey);

    /// <summary>Who chats, told by whatever means. Throws as <see cref="CreateContextAsync"/> does, or as the means do.</summary>
    public ValueTask<ChatCaller> AdmitAsync(HttpContext http, Func<HttpContext, ValueTask<ChatCaller>> who) => AdmitAsync(http, who, caller => caller.Owner.Key);

    private async ValueTask<T> AdmitAsync<T>(HttpContext http, Func<HttpContext, ValueTask<T>> who, Func<T, string> name)
    {
        T caller;
        try
        {
            caller = await who(http);
        }
        catch (Unauthenticated)
        {
            await CountAddressAsync(http, CallsPolicy, options.Value.CallsPerMinute);
            throw;
        }
        var whose = name(caller);
        http.Features.Set(new CallerKey(whose));
        await CountAsync(http, CallsPolicy, whose, options.Value.CallsPerMinute, 1);
        QueryParametersMetadata.ThrowIfInvalid(http);
        return caller;
    }

    /// <summary>Counts further calls that a request of theirs turned out to hold. Throws <see cref="RateLimited"/> when there are too many, and then counts none of them.</summary>
    public ValueTask CountAsync(HttpContext http, Caller caller, int calls) => CountAsync(http, CallsPolicy, GetCallerKey(caller), options.Value.CallsPerMinute, calls);

    /// <summary>Counts a call that came over a connection that stands. Throws <see cref="RateLimited"/>.</summary>
    public async ValueTask CountAsync(Caller caller)
    {
        if (options.Value.CallsPerMinute is > 0 and var most) (await limit.AcquireAsync(CallsPolicy, GetCallerKey(caller), most)).ThrowIfExceeded();
    }

    /// <summary>Counts a WebSocket of somebody who has yet to say who they are, by address. Apart from all else: what strangers call behind a hospital's address locks nobody out. Throws <see cref="RateLimited"/>.</summary>
    public ValueTask AdmitAnonymousSocketAsync(HttpContext http) => CountAddressAsync(http, "sockets", options.Value.CallsPerMinute);

    /// <summary>Counts a look at what Identity publishes, by address. Throws <see cref="RateLimited"/>.</summary>
    public ValueTask AdmitWellKnownAsync(HttpContext http) => CountAddressAsync(http, "keys", options.Value.CallsPerMinute);

    /// <summary>Counts an attempt to log in, by address. Throws <see cref="RateLimited"/>.</summary>
    public ValueTask AdmitLogInAsync(HttpContext http) => AdmitAddressAsync(http, "logins", options.Value.EffectiveLogInsPerMinute);

    /// <summary>Counts a call that goes on with a session, by address: the token in its body is Identity's to check. Throws <see cref="RateLimited"/>.</summary>
    public ValueTask AdmitSessionAsync(HttpContext http) => AdmitAddressAsync(http, "sessions", options.Value.CallsPerMinute);

    /// <summary>Counts a call of somebody who is not known; what they have in memory is counted by address too.</summary>
    private async ValueTask AdmitAddressAsync(HttpContext http, string policy, int most)
    {
        http.Features.Set(new CallerKey(NetworkKey.ForClient(http)));
        await CountAddressAsync(http, policy, most);
        QueryParametersMetadata.ThrowIfInvalid(http);
    }

    /// <summary>Counts a call by where it comes from. What is left, as the answer tells, is that of the nearest network.</summary>
    private async ValueTask CountAddressAsync(HttpContext http, string policy, int most)
    {
        await CountAsync(http, policy, NetworkKey.ForClient(http), most, 1);
        if (most > 0 && NetworkKey.ForSite(http.Connection.RemoteIpAddress) is { } site) (await limit.AcquireAsync(policy, site, most * NetworkKey.SiteMultiplier)).ThrowIfExceeded();
    }

    private async ValueTask CountAsync(HttpContext http, string policy, string whose, int most, int calls)
    {
        if (most == 0 || calls == 0) return;
        var quota = await limit.AcquireAsync(policy, whose, most, calls);
        http.Features.Set(quota); // written by Labels: an error clears the headers that stand already
        quota.ThrowIfExceeded();
    }

    internal static string GetCallerKey(Caller caller) => caller.UserId.ToString("N");
}
