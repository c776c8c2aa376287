using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Contracts.Identity;
using MedCor.Identity.Accounts;
using MedCor.Identity.Audit;
using MedCor.Identity.Hospitals;
using MedCor.Identity.Revocations;
using Microsoft.EntityFrameworkCore;
using Microsoft.IdentityModel.Tokens;
using SignInPolicy = MedCor.Identity.Hospitals.SignInPolicy;

namespace MedCor.Identity.Sessions;

/// <summary>
/// Starts, continues and ends sessions within the caller's transaction. <see cref="RevocationPublisher"/> publishes an ended session to
/// all processes once the transaction is committed. Starting a session and ending all sessions of a user both lock the row of the
/// membership: whichever comes second waits, and sees what the first one did.
/// </summary>
internal sealed class SessionManager(IdentityDb db, AccessTokenIssuer tokens, SignInPolicies policies, SessionTrail trail, TimeProvider clock)
{
    /// <summary>The maximum number of sessions that are revoked one by one.</summary>
    private const int MaxRevokedSessions = 100;

    /// <summary>Starts a session whose tokens the authorization server issues; null when all sessions of the account were ended since it was read.</summary>
    /// <param name="policy">The rules of the account's hospital.</param>
    /// <param name="client">The client's part of the new session.</param>
    internal Task<Session?> StartForClientAsync(Account account, SignInPolicy policy, ClientLogIn client, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        return StartAsync(account, new()
        {
            UserId = account.Id,
            StartedAt = now,
            LastUsedAt = now,
            EndsAt = now + policy.MaxLifetime,
            ClientId = client.ClientId,
            Scope = client.Scope,
            AuthenticationMethods = client.Methods,
            AuthenticatedAt = client.AuthenticatedAt,
        }, ct);
    }

    /// <summary>Adds a session; returns null when all sessions of the account were ended since it was read.</summary>
    internal async Task<Session?> StartAsync(Account account, Session session, CancellationToken ct)
    {
        if (!await RecordLogInAsync(account, clock.GetUtcNow(), ct)) return null;
        db.Add(session);
        await db.SaveChangesAsync(ct);
        await trail.RecordAsync(SessionTrail.LogIn, account, session.Id, ct, session.ClientId);
        return session;
    }

    /// <summary>Starts a session and returns its tokens; null when all sessions of the account were ended since it was read.</summary>
    /// <param name="scopes">The scopes to which the tokens are limited; null for all rights of the user's role.</param>
    /// <param name="methods">How the user has logged in.</param>
    internal async Task<SessionTokens?> StartAsync(Account account, ScopeSet? scopes, string methods, SigningCredentials key, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var policy = await policies.GetAsync(account.HospitalId, ct);
        var session = new Session
        {
            UserId = account.Id,
            StartedAt = now,
            LastUsedAt = now,
            EndsAt = now + policy.MaxLifetime,
            Scope = scopes?.ToString(),
            AuthenticationMethods = methods,
        };
        db.Add(session);
        var started = await ContinueAsync(session, account, policy, key, ct);
        if (started is not null) await trail.RecordAsync(SessionTrail.LogIn, account, session.Id, ct);
        return started;
    }

    /// <summary>
    /// Starts a session of another user of a session's login, and returns its tokens; null when the login was too long ago for the rules of the user's
    /// hospital. What it descends from stays known: how and when the owner has logged in, the scopes, and the latest end.
    /// </summary>
    internal async Task<SessionTokens?> StartFromAsync(Session session, Account other, SigningCredentials key, CancellationToken ct)
    {
        var policy = await policies.GetAsync(other.HospitalId, ct);
        var (now, loggedInAt) = (clock.GetUtcNow(), session.AuthenticatedAt ?? session.StartedAt);
        var endsAt = loggedInAt + policy.MaxLifetime;
        var next = new Session
        {
            UserId = other.Id,
            // What happened at the hospital before is not sent again.
            StartedAt = now,
            EndsAt = endsAt < session.EndsAt ? endsAt : session.EndsAt,
            LastUsedAt = now,
            Scope = session.Scope,
            AuthenticationMethods = session.AuthenticationMethods,
            AuthenticatedAt = loggedInAt,
            OriginId = session.OriginId ?? session.Id,
        };
        db.Add(next);
        var started = await ContinueAsync(next, other, policy, key, ct);
        if (started is not null) await trail.RecordAsync(SessionTrail.SwitchHospital, other, next.Id, ct);
        return started;
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
        if (session.IsOver(policy, now) || !await RecordLogInAsync(account, now, ct)) return null;

        var refresh = RefreshToken.Create();
        db.Add(new RefreshToken { Hash = RefreshToken.HashOf(refresh), SessionId = session.Id, ExpiresAt = idleEnd });
        await db.SaveChangesAsync(ct);
        var (access, seconds) = tokens.Issue(account, session, policy, key, refreshedAt: now, latestExpiry: idleEnd);
        return new(access, refresh, "Bearer", seconds, account.ToSessionUser(await db.FindOtherHospitalsAsync(account, ct)), session.Scope);
    }

    /// <summary>Records that the tokens of a session are refreshed.</summary>
    internal Task RecordUseAsync(Guid id, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        return db.Sessions.Where(s => s.Id == id).ExecuteUpdateAsync(s => s.SetProperty(x => x.LastUsedAt, now), ct);
    }

    /// <summary>
    /// Ends a session and all that began with the same login, at whichever hospital: whoever has the tokens of one may have those of the others. When they are
    /// many, all sessions of their users end, because every process remembers each.
    /// </summary>
    /// <param name="action">What the audit trail calls it; null for what is recorded elsewhere.</param>
    /// <param name="outcome">The recorded outcome. What was refused is recorded even when the session had ended before.</param>
    internal async Task EndAsync(Guid id, CancellationToken ct, string? action = SessionTrail.LogOut, AuditOutcome outcome = AuditOutcome.Done)
    {
        // Until they are ended, none is added.
        await LockLoginOfAsync(id, ct);
        var now = clock.GetUtcNow();
        if (await db.Sessions.Where(s => s.Id == id).Select(s => s.OriginId ?? (Guid?)s.Id).SingleOrDefaultAsync(ct) is not { } origin) return;
        var all = db.Sessions.Where(s => (s.Id == origin || s.OriginId == origin) && s.RevokedAt == null);
        var ended = await all.OrderBy(s => s.Id).Select(s => s.Id).Take(MaxRevokedSessions + 1).ToListAsync(ct);
        if (ended.Count > MaxRevokedSessions)
        {
            foreach (var userId in await all.Select(s => s.UserId).Distinct().OrderBy(u => u).ToListAsync(ct)) await EndAllOfUserAsync(userId, ct);
        }
        else
        {
            await db.Sessions.Where(s => ended.Contains(s.Id)).ExecuteUpdateAsync(s => s.SetProperty(x => x.RevokedAt, now), ct);
            foreach (var session in ended) db.Add(new Revocation { RevokedId = session, RevokedAt = now });
            await db.SaveChangesAsync(ct);
        }
        if (action is null || (ended.Count == 0 && outcome == AuditOutcome.Done)) return;
        // Each hospital has its own session on record.
        foreach (var session in ended.Append(id).Distinct()) await trail.RecordAsync(action, session, ct, outcome);
    }

    /// <summary>Ends one session alone, which is over by the rules of its hospital, or is replaced by another one in a browser.</summary>
    internal async Task EndAloneAsync(Guid id, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var ended = await db.Sessions.Where(s => s.Id == id && s.RevokedAt == null).ExecuteUpdateAsync(s => s.SetProperty(x => x.RevokedAt, now), ct);
        if (ended == 0) return;
        await AddRevocationAsync(id, now, ct);
        await trail.RecordAsync(SessionTrail.EndSession, id, ct);
    }

    /// <summary>Ends a session as <see cref="EndAsync"/> does, in a transaction of its own.</summary>
    internal async Task EndInTransactionAsync(Guid id, CancellationToken ct, string action = SessionTrail.LogOut, AuditOutcome outcome = AuditOutcome.Done)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        await EndAsync(id, ct, action, outcome);
        await transaction.CommitAsync(ct);
    }

    /// <summary>Ends all sessions of a user and returns the time of their end. Sessions that start later are not affected.</summary>
    internal Task<DateTimeOffset> EndAllOfUserAsync(Guid userId, CancellationToken ct) =>
        EndAllAsync(db.Memberships.Where(m => m.UserId == userId), db.Sessions.Where(s => s.UserId == userId), userId, ct);

    /// <summary>
    /// Ends all sessions of all users whom a login opens. To be called in the transaction that has changed the login, whose row is locked by that: no user can
    /// be linked to it meanwhile. The users are taken in one order, so that two of these calls never wait for each other.
    /// </summary>
    internal async Task EndAllOfLoginAsync(Guid loginId, CancellationToken ct)
    {
        foreach (var userId in await db.Memberships.Where(m => m.LoginId == loginId).OrderBy(m => m.UserId).Select(m => m.UserId).ToListAsync(ct))
            await EndAllOfUserAsync(userId, ct);
    }

    /// <summary>
    /// Ends the sessions that a service account has started with an API key; all of the account when they are many, because every process remembers each.
    /// </summary>
    internal async Task EndAllOfKeyAsync(Guid userId, Guid apiKeyId, CancellationToken ct)
    {
        await LockAsync(userId, ct);
        var now = clock.GetUtcNow();
        var ended = await db.Sessions.Where(s => s.UserId == userId && s.ApiKeyId == apiKeyId && s.RevokedAt == null && s.EndsAt > now).Select(s => s.Id)
            .Take(MaxRevokedSessions + 1).ToListAsync(ct);
        if (ended.Count > MaxRevokedSessions)
        {
            await EndAllOfUserAsync(userId, ct);
            return;
        }
        await db.Sessions.Where(s => ended.Contains(s.Id)).ExecuteUpdateAsync(s => s.SetProperty(x => x.RevokedAt, now), ct);
        foreach (var id in ended) db.Add(new Revocation { RevokedId = id, RevokedAt = now });
        await db.SaveChangesAsync(ct);
    }

    /// <summary>Lets sessions of a user start and end one after the other, until the transaction ends.</summary>
    internal Task LockAsync(Guid userId, CancellationToken ct) =>
        db.Database.ExecuteSqlAsync($"SELECT FROM memberships WHERE user_id = {userId} FOR UPDATE", ct);

    /// <summary>
    /// Lets the sessions of all users whom the login of a session opens start and end one after the other, until the transaction ends. The users are locked in
    /// the order in which a change of the password ends their sessions.
    /// </summary>
    internal Task LockLoginOfAsync(Guid sessionId, CancellationToken ct) => db.Database.ExecuteSqlAsync($"""
        SELECT FROM memberships
        WHERE login_id = (SELECT m.login_id FROM sessions s JOIN memberships m ON m.user_id = s.user_id WHERE s.id = {sessionId})
        ORDER BY user_id FOR UPDATE
        """, ct);

    /// <summary>
    /// Lets nobody end all sessions of a session's user until the transaction ends: whoever waits for that ends the tokens that are issued meanwhile as well.
    /// </summary>
    internal Task LockForIssueAsync(Guid sessionId, CancellationToken ct) =>
        db.Database.ExecuteSqlAsync($"SELECT FROM memberships WHERE user_id = (SELECT user_id FROM sessions WHERE id = {sessionId}) FOR SHARE", ct);

    /// <summary>Ends all sessions of all users of a hospital.</summary>
    internal async Task EndAllOfHospitalAsync(Guid hospitalId, CancellationToken ct)
    {
        var users = db.Accounts.Where(a => a.HospitalId == hospitalId).Select(a => a.Id);
        await EndAllAsync(db.Memberships.Where(m => users.Contains(m.UserId)), db.Sessions.Where(s => users.Contains(s.UserId)), hospitalId, ct);
    }

    private async Task<DateTimeOffset> EndAllAsync(IQueryable<Membership> memberships, IQueryable<Session> sessions, Guid userId, CancellationToken ct)
    {
        // The rows are locked before the time is taken: the time must not precede a login that was waited for.
        await memberships.ExecuteUpdateAsync(m => m.SetProperty(x => x.RevokedAt, x => x.RevokedAt), ct);
        var at = AccessTokenIssuer.GetTime(clock.GetUtcNow(), await memberships.MaxAsync(m => m.RevokedAt, ct));
        await memberships.ExecuteUpdateAsync(m => m.SetProperty(x => x.RevokedAt, at), ct);
        await sessions.Where(s => s.RevokedAt == null).ExecuteUpdateAsync(s => s.SetProperty(x => x.RevokedAt, at), ct);
        await AddRevocationAsync(userId, at, ct);
        return at;
    }

    /// <summary>Returns whether no sessions of the account were ended since it was read. Until the transaction ends, none are.</summary>
    private async Task<bool> RecordLogInAsync(Account account, DateTimeOffset now, CancellationToken ct)
    {
        var revokedAt = account.Membership!.RevokedAt;
        return await db.Memberships.Where(m => m.UserId == account.Id && m.RevokedAt == revokedAt)
            .ExecuteUpdateAsync(m => m.SetProperty(x => x.LastLoginAt, now), ct) > 0;
    }

    private async Task AddRevocationAsync(Guid id, DateTimeOffset at, CancellationToken ct)
    {
        db.Add(new Revocation { RevokedId = id, RevokedAt = at });
        await db.SaveChangesAsync(ct);
    }
}

/// <summary>Represents what a session of a client begins with.</summary>
/// <param name="Scope">The scopes that the user has allowed, separated by spaces.</param>
/// <param name="Methods">How the user has logged in.</param>
/// <param name="AuthenticatedAt">When the user has logged in.</param>
internal sealed record ClientLogIn(string ClientId, string Scope, string Methods, DateTimeOffset AuthenticatedAt);
