using MedCor.Identity.Accounts;
using MedCor.Identity.Audit;
using MedCor.Identity.Hospitals;
using MedCor.Identity.SecondFactors;
using MedCor.Identity.Sessions;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Authorization;

/// <summary>Represents a user who has logged in with a browser.</summary>
/// <param name="SessionId">The session of the browser.</param>
/// <param name="Methods">How the user has logged in.</param>
/// <param name="At">When the user has logged in.</param>
/// <param name="ValidFrom">The time after which ending the user's sessions ends the login.</param>
/// <param name="MustEnroll">Whether the user has to set up a second factor before anything else.</param>
internal sealed record BrowserLogIn(Account Account, Guid SessionId, EnrolledFactors Factors, string Methods, DateTimeOffset At, DateTimeOffset ValidFrom,
    bool MustEnroll)
{
    /// <summary>
    /// Gets whether second factors can be added and removed with the login. With one through the provider of a hospital they cannot: they are good for all
    /// hospitals that the login opens, or will open, and whoever controls the provider would open these, or keep the owner out.
    /// </summary>
    internal bool CanChangeFactors => !AuthenticationMethods.IsFederated(Methods);
}

/// <summary>
/// Logs browsers in and out, and finds the user who has logged in with one. Each login is a session of its user, which is listed and can be ended as any other.
/// </summary>
internal sealed class BrowserLogIns(IdentityDb db, ClientSessions clients, SessionManager sessions, SecondFactorManager secondFactors, SignInPolicies policies,
    SessionTrail trail, TimeProvider clock)
{
    /// <summary>Returns how long a login in a browser is good. Browsers do not refresh it, so it is always idle.</summary>
    internal static TimeSpan GetLifetime(SignInPolicy policy) =>
        new(Math.Min(LogInCookie.Lifetime.Ticks, Math.Min(policy.IdleTimeout.Ticks, policy.MaxLifetime.Ticks)));

    /// <summary>
    /// Logs a browser in, in place of whoever was logged in there before. The browser is logged out instead when all sessions of the account were ended since
    /// it was read.
    /// </summary>
    /// <param name="methods">How the user has logged in.</param>
    /// <param name="at">When the user has logged in.</param>
    /// <param name="validFrom">The time after which ending the user's sessions ends the login; that of the login when omitted.</param>
    internal async Task StartAsync(HttpContext http, Account account, string methods, DateTimeOffset at, DateTimeOffset? validFrom = null)
    {
        var (ct, now) = (http.RequestAborted, clock.GetUtcNow());
        var former = await LogInCookie.FindAsync(http);
        var policy = await policies.GetAsync(account.HospitalId, ct);
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        var session = await sessions.StartAsync(account, new()
        {
            UserId = account.Id,
            StartedAt = now,
            EndsAt = now + GetLifetime(policy),
            AuthenticationMethods = methods,
            AuthenticatedAt = at,
            IsBrowser = true,
        }, ct);
        if (former?.SessionId is { } formerId) await sessions.EndAloneAsync(formerId, ct);
        await transaction.CommitAsync(ct);
        if (session is null) await LogInCookie.LogOutAsync(http);
        else await LogInCookie.LogInAsync(http, account, session.Id, methods, at, validFrom);
    }

    /// <summary>Logs a browser in again whose login has ended with all sessions of its user.</summary>
    /// <param name="endedAt">When all sessions were ended.</param>
    internal async Task StartAgainAsync(HttpContext http, BrowserLogIn login, DateTimeOffset endedAt)
    {
        // Later than that end by all the precision of the cookie.
        var validFrom = endedAt.AddMilliseconds(1);
        if (await clients.FindAccountAsync(login.Account.Id, validFrom, http.RequestAborted) is { } account)
            await StartAsync(http, account, login.Methods, login.At, validFrom);
    }

    /// <summary>Records that a user who has logged in with a browser has shown a second factor there by now.</summary>
    /// <param name="methods">How the user has logged in, with the second factor.</param>
    internal async Task AddFactorAsync(HttpContext http, BrowserLogIn login, string methods)
    {
        await db.Sessions.Where(s => s.Id == login.SessionId)
            .ExecuteUpdateAsync(s => s.SetProperty(x => x.AuthenticationMethods, methods), http.RequestAborted);
        await LogInCookie.LogInAsync(http, login.Account, login.SessionId, methods, login.At, login.ValidFrom);
    }

    /// <summary>
    /// Returns who has logged in with this browser; null when nobody has, when the session has ended, and when that was too long ago by the rules of the user's
    /// hospital, or without the second factor that the user has by now.
    /// </summary>
    /// <param name="maxAge">The time for which a login is good enough; null for any.</param>
    /// <param name="since">The time since which a login of any age is good enough; null for none.</param>
    internal async Task<BrowserLogIn?> FindAsync(HttpContext http, TimeSpan? maxAge = null, DateTimeOffset? since = null)
    {
        var (ct, now) = (http.RequestAborted, clock.GetUtcNow());
        if (await LogInCookie.FindAsync(http) is not { SessionId: { } sessionId } login) return null;
        if (now - login.At > maxAge && !(login.ValidFrom > since)) return null;
        if (await clients.FindAccountAsync(login.UserId, login.ValidFrom, ct) is not { } account) return null;
        if (now - login.ValidFrom > GetLifetime(await policies.GetAsync(account.HospitalId, ct))) return null;
        if (!await db.Sessions.AnyAsync(s => s.Id == sessionId && s.RevokedAt == null && s.EndsAt > now, ct)) return null;
        var factors = await secondFactors.FindAsync(account.Login!, ct);
        if (factors.Any && !AuthenticationMethods.HasTwoFactors(login.Methods)) return null;
        trail.BrowserSessionId = sessionId;
        return new(account, sessionId, factors, login.Methods, login.At, login.ValidFrom,
            // A provider has its own second factors.
            MustEnroll: !factors.Any
                && await secondFactors.IsMissingAsync(account, AuthenticationMethods.IsFederated(login.Methods) ? login.Methods : null, ct));
    }

    /// <summary>Ends a login, so that a copy of its cookie is good no longer.</summary>
    internal async Task EndAsync(HttpContext http, BrowserLogIn login)
    {
        await sessions.EndInTransactionAsync(login.SessionId, http.RequestAborted);
        await LogInCookie.LogOutAsync(http);
    }
}
