using MedCor.Identity.Accounts;
using MedCor.Identity.Hospitals;
using MedCor.Identity.SecondFactors;

namespace MedCor.Identity.Authorization;

/// <summary>Represents a user who has logged in with a browser.</summary>
/// <param name="Methods">How the user has logged in.</param>
/// <param name="At">When the user has logged in.</param>
/// <param name="ValidFrom">The time after which ending the user's sessions ends the login.</param>
/// <param name="MustEnroll">Whether the user has to set up a second factor before anything else.</param>
internal sealed record BrowserLogIn(Account Account, EnrolledFactors Factors, string Methods, DateTimeOffset At, DateTimeOffset ValidFrom,
    bool MustEnroll);

/// <summary>Finds the user who has logged in with a browser.</summary>
internal sealed class BrowserLogIns(IdentityDb db, ClientSessions sessions, SecondFactorManager secondFactors, SignInPolicies policies, TimeProvider clock)
{
    /// <summary>Returns how long a login in a browser is good. Browsers do not refresh it, so it is always idle.</summary>
    internal static TimeSpan GetLifetime(SignInPolicy policy) =>
        new(Math.Min(LogInCookie.Lifetime.Ticks, Math.Min(policy.IdleTimeout.Ticks, policy.MaxLifetime.Ticks)));

    /// <summary>
    /// Returns who has logged in with this browser; null when nobody has, too long ago by the rules of the user's hospital, or not with the second factor that
    /// the user has by now.
    /// </summary>
    /// <param name="maxAge">The time for which a login is good enough; null for any.</param>
    /// <param name="since">The time since which a login of any age is good enough; null for none.</param>
    internal async Task<BrowserLogIn?> FindAsync(HttpContext http, TimeSpan? maxAge = null, DateTimeOffset? since = null)
    {
        var ct = http.RequestAborted;
        if (await LogInCookie.FindAsync(http) is not { } login) return null;
        if (clock.GetUtcNow() - login.At > maxAge && !(login.ValidFrom > since)) return null;
        if (await sessions.FindAccountAsync(login.UserId, login.ValidFrom, ct) is not { } account) return null;
        if (clock.GetUtcNow() - login.ValidFrom > GetLifetime(await policies.GetAsync(account.HospitalId, ct))) return null;
        if (await db.IsUsedAsync(GetName(login.UserId, login.ValidFrom), ct)) return null;
        var factors = await secondFactors.FindAsync(account.Id, ct);
        if (factors.Any && !AuthenticationMethods.HasTwoFactors(login.Methods)) return null;
        return new(account, factors, login.Methods, login.At, login.ValidFrom,
            // A provider has its own second factors.
            MustEnroll: !factors.Any
                && await secondFactors.IsMissingAsync(account, AuthenticationMethods.IsFederated(login.Methods) ? login.Methods : null, ct));
    }

    /// <summary>Ends a login, so that a copy of its cookie is good no longer.</summary>
    internal async Task EndAsync(HttpContext http, BrowserLogIn login)
    {
        await db.TryUseOnceAsync(GetName(login.Account.Id, login.ValidFrom), clock.GetUtcNow() + LogInCookie.Lifetime, http.RequestAborted);
        await LogInCookie.LogOutAsync(http);
    }

    /// <summary>Returns what tells the end of a login from all else that happens once. A cookie that replaces another is of the same login.</summary>
    private static string GetName(Guid userId, DateTimeOffset validFrom) => $"end of log-in {userId} {validFrom.ToUnixTimeMilliseconds()}";
}
