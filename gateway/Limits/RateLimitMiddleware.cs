using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;

namespace MedCor.Gateway.Limits;

/// <summary>Counts requests before they are authorized. Unmapped requests, which routing rejects, are not counted.</summary>
internal sealed class RateLimitMiddleware(RequestDelegate next, CallQuota quota)
{
    /// <exception cref="Contracts.RateLimited">There were too many requests in the current window.</exception>
    public async Task InvokeAsync(HttpContext http)
    {
        if (http.GetEndpoint() is RouteEndpoint { Metadata: var metadata } && await GetPolicyAsync(http, metadata) is { } policy)
            await quota.ChargeRequestAsync(http, policy);
        await next(http);
    }

    private static async ValueTask<string?> GetPolicyAsync(HttpContext http, EndpointMetadataCollection metadata)
    {
        if (metadata.GetMetadata<IAllowAnonymous>() is null) return RateLimitPolicy.Calls;
        if (metadata.GetMetadata<RateLimitPolicyMetadata>() is not { Policy: var policy }) return null;
        // A request with a credential, valid or not, is counted as at any other endpoint. Otherwise tokens could be guessed at twice the rate.
        return (await http.AuthenticateAsync()).None ? policy : RateLimitPolicy.Calls;
    }
}
