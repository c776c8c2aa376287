using System.Globalization;
using MedCor.Contracts;

namespace MedCor.Gateway.Limits;

/// <summary>What a caller may still do in the present window.</summary>
/// <param name="Policy">What is counted: <c>calls</c>, <c>logins</c>, <c>sessions</c>, <c>sockets</c> or <c>keys</c>.</param>
/// <param name="Limit">How many there may be in a window.</param>
/// <param name="Remaining">How many there may still be in this one.</param>
/// <param name="ResetSeconds">After how many the window ends.</param>
/// <param name="IsGranted">Whether what was asked for is within it, and counted.</param>
internal sealed record Quota(string Policy, int Limit, int Remaining, int ResetSeconds, bool IsGranted)
{
    public const string Header = "RateLimit";
    public const string PolicyHeader = "RateLimit-Policy";

    /// <summary>Throws <see cref="RateLimited"/> unless it was granted.</summary>
    public void ThrowIfExceeded()
    {
        if (!IsGranted) throw new RateLimited($"No more than {Limit} {Policy} a minute. Wait until the minute is over.", ResetSeconds);
    }

    /// <summary>The fields of draft-ietf-httpapi-ratelimit-headers-10.</summary>
    public void WriteTo(IHeaderDictionary headers)
    {
        headers[PolicyHeader] = string.Create(CultureInfo.InvariantCulture, $"\"{Policy}\";q={Limit};w={RedisRateLimiter.WindowSeconds}");
        headers[Header] = string.Create(CultureInfo.InvariantCulture, $"\"{Policy}\";r={Remaining};t={ResetSeconds}");
    }
}
