using System.Globalization;
using MedCor.Contracts;

namespace MedCor.Gateway.Limits;

/// <summary>Represents a caller's remaining quota in the current window.</summary>
/// <param name="Policy">The policy of the quota: one of <see cref="RateLimitPolicy"/>.</param>
/// <param name="Limit">The limit per window.</param>
/// <param name="Remaining">The number that remains in the current window.</param>
/// <param name="ResetSeconds">The number of seconds until the window ends.</param>
/// <param name="IsGranted">Whether the request was within the limit and was counted.</param>
internal sealed record Quota(string Policy, int Limit, int Remaining, int ResetSeconds, bool IsGranted)
{
    public const string Header = "RateLimit";
    public const string PolicyHeader = "RateLimit-Policy";

    /// <summary>Throws <see cref="RateLimited"/> unless the request was granted.</summary>
    public void ThrowIfExceeded()
    {
        if (!IsGranted) throw new RateLimited($"No more than {Limit} {Policy} a minute. Wait until the minute is over.", ResetSeconds);
    }

    /// <summary>Writes the header fields of draft-ietf-httpapi-ratelimit-headers-10.</summary>
    public void WriteTo(IHeaderDictionary headers)
    {
        headers[PolicyHeader] = string.Create(CultureInfo.InvariantCulture, $"\"{Policy}\";q={Limit};w={RedisRateLimiter.WindowSeconds}");
        headers[Header] = string.Create(CultureInfo.InvariantCulture, $"\"{Policy}\";r={Remaining};t={ResetSeconds}");
    }
}
