using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.Identity.Accounts;
using MedCor.Identity.Hospitals;
using MedCor.Identity.Revocations;
using Microsoft.EntityFrameworkCore;
using Microsoft.IdentityModel.Tokens;
using SignInPolicy = MedCor.Identity.Hospitals.SignInPolicy;

namespace MedCor.Identity.Sessions;

/// <summary>
/// Starts, continues and ends sessions within the caller's transaction. <see cref="RevocationPublisher"/> publishes an ended session to
/// all processes once the transaction is committed. Starting a session and ending all sessions of a user both lock the row of the
/// credentials: whichever comes second waits, and sees what the first one did.
/// </summary>
internal sealed class SessionManager(IdentityDb db, AccessTokenIssuer tokens, SignInPolicies policies, TimeProvider clock)
{
    /// <summary>Starts a session whose tokens the authorization server issues; null when all sessions of the account were ended since it was read.</summary>
    /// <param name="policy">The rules of the account's hospital.</param>
    internal async Task<Session?> StartForClientAsync(Account account, SignInPolicy policy, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        if (!await RecordLogInAsync(account, now, ct)) return null;
        var session = new Session { UserId = account.Id, StartedAt = now, EndsAt = now + policy.MaxLifetime };
        db.Add(session);
        await db.SaveChangesAsync(ct);
        return session;
    }

    /// <summary>Starts a session and returns its tokens; null when all sessions of the account were ended since it was read.</summary>
    /// <param name="scopes">The scopes to which the tokens are limited; null for all rights of the user's role.</param>
    internal async Task<SessionTokens?> StartAsync(Account account, ScopeSet? scopes, SigningCredentials key, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var policy = await policies.GetAsync(account.HospitalId, ct);
        var session = new Session { UserId = account.Id, StartedAt = now, EndsAt = now + policy.MaxLifetime, Scope = scopes?.ToString() };
        db.Add(session);
        return await ContinueAsync(session, account, policy, key, ct);
    }

    /// <summary>
    /// Returns the next tokens of a session; null when the hospital's rules have ended it, or when all sessions of the account were ended since it was read.
    /// </summary>
    internal async Task<SessionTokens?> ContinueAsync(Session session, Account account, SigningCredentials key, CancellationToken ct) =>
        await ContinueAsync(session, account, await policies.GetAsync(account.HospitalId, ct), key, ct);

    private async Task<SessionTokens?> ContinueAsync(Session session, Account account, SignInPolicy policy, SigningCredentials key, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var idleEnd = session.GetIdleEnd(policy, refreshedAt: now);
        if (idleEnd <= now || !await RecordLogInAsync(account, now, ct)) return null;

        var refresh = RefreshToken.Create();
        db.Add(new RefreshToken { Hash = RefreshToken.HashOf(refresh), SessionId = session.Id, ExpiresAt = idleEnd });
        await db.SaveChangesAsync(ct);
        var (access, seconds) = tokens.Issue(account, session, key, refreshedAt: now, latestExpiry: idleEnd);
        return new(access, refresh, "Bearer", seconds, account.ToUser(), session.Scope);
    }

    /// <summary>Ends one session.</summary>
    internal async Task EndAsync(Guid id, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var ended = await db.Sessions.Where(s => s.Id == id && s.RevokedAt == null).ExecuteUpdateAsync(s => s.SetProperty(x => x.RevokedAt, now), ct);
        if (ended > 0) await AddRevocationAsync(id, now, ct);
    }

    /// <summary>Ends one session in a transaction of its own.</summary>
    internal async Task EndInTransactionAsync(Guid id, CancellationToken ct)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        await EndAsync(id, ct);
        await transaction.CommitAsync(ct);
    }

    /// <summary>Ends all sessions of a user. Sessions that start later are not affected.</summary>
    internal Task EndAllOfUserAsync(Guid userId, CancellationToken ct) =>
        EndAllAsync(db.Credentials.Where(c => c.UserId == userId), db.Sessions.Where(s => s.UserId == userId), userId, ct);

    /// <summary>Ends all sessions of all users of a hospital.</summary>
    internal async Task EndAllOfHospitalAsync(Guid hospitalId, CancellationToken ct)
    {
        var users = db.Accounts.Where(a => a.HospitalId == hospitalId).Select(a => a.Id);
        await EndAllAsync(db.Credentials.Where(c => users.Contains(c.UserId)), db.Sessions.Where(s => users.Contains(s.UserId)), hospitalId, ct);
    }

    private async Task EndAllAsync(IQueryable<Credential> credentials, IQueryable<Session> sessions, Guid userId, CancellationToken ct)
    {
        // The rows are locked before the time is taken: the time must not precede a login that was waited for.
        await credentials.ExecuteUpdateAsync(c => c.SetProperty(x => x.RevokedAt, x => x.RevokedAt), ct);
        var now = clock.GetUtcNow();
        await credentials.ExecuteUpdateAsync(c => c.SetProperty(x => x.RevokedAt, now), ct);
        await sessions.Where(s => s.RevokedAt == null).ExecuteUpdateAsync(s => s.SetProperty(x => x.RevokedAt, now), ct);
        await AddRevocationAsync(userId, now, ct);
    }

    /// <summary>Returns whether no sessions of the account were ended since it was read. Until the transaction ends, none are.</summary>
    private async Task<bool> RecordLogInAsync(Account account, DateTimeOffset now, CancellationToken ct)
    {
        var revokedAt = account.Credential!.RevokedAt;
        return await db.Credentials.Where(c => c.UserId == account.Id && c.RevokedAt == revokedAt)
            .ExecuteUpdateAsync(c => c.SetProperty(x => x.LastLoginAt, now), ct) > 0;
    }

    private async Task AddRevocationAsync(Guid id, DateTimeOffset at, CancellationToken ct)
    {
        db.Add(new Revocation { RevokedId = id, RevokedAt = at });
        await db.SaveChangesAsync(ct);
    }
}
