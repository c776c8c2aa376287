using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Contracts.Identity;
using MedCor.Identity.Accounts;
using MedCor.Identity.Audit;
using MedCor.Identity.Hospitals;
using MedCor.Identity.Keys;
using MedCor.Identity.Sessions;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using SessionOptions = MedCor.Identity.Sessions.SessionOptions;

namespace MedCor.Identity.ServiceAccounts;

/// <summary>
/// Starts the sessions of service accounts, one for each access token, because there is nothing to refresh one with. What ends the sessions of a user ends them
/// too, so that their tokens stop working within seconds.
/// </summary>
internal sealed class ServiceAccountSessions(IdentityDb db, SessionManager sessions, SignInPolicies policies, AccessTokenIssuer tokens, KeyRing ring,
    IOptions<SessionOptions> options, SessionTrail trail, TimeProvider clock)
{
    /// <summary>The time within which further uses of a key are not recorded.</summary>
    private static readonly TimeSpan UseInterval = TimeSpan.FromMinutes(1);

    /// <summary>Returns the valid key that a text is, or null.</summary>
    internal async Task<ApiKey?> FindKeyAsync(string text, CancellationToken ct)
    {
        if (!ApiKeyFormat.IsWellFormed(text)) return null;
        var hash = ApiKeyFormat.HashOf(text);
        return await db.ApiKeys.AsNoTracking().SingleOrDefaultAsync(k => k.Hash == hash, ct) is { } key && key.IsValid(clock.GetUtcNow()) ? key : null;
    }

    /// <summary>
    /// Starts a session in a transaction of its own, and returns it with the time of issue of its token; null when the account may not be used, and when its
    /// sessions were ended at the same moment.
    /// </summary>
    /// <param name="key">The API key with which the account has authenticated; null when it has with a public key.</param>
    internal async Task<(Account Account, Session Session, DateTimeOffset IssuedAt)?> StartAsync(Guid accountId, ApiKey? key, CancellationToken ct)
    {
        var account = await db.Accounts.AsNoTracking().Include(a => a.Membership!.Login).Include(a => a.Hospital)
            .SingleOrDefaultAsync(a => a.Id == accountId && a.ServiceScope != null, ct);
        if (account is not { CanLogIn: true }) return null;
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        // The key is read again, because it may have been revoked while this request waited for the lock.
        await sessions.LockAsync(accountId, ct);
        var now = clock.GetUtcNow();
        // Longer than its one token, which is issued a moment later.
        var endsAt = now + options.Value.AccessTokenLifetime + TimeSpan.FromMinutes(1);
        if (key is not null)
        {
            var current = await db.ApiKeys.AsNoTracking().SingleOrDefaultAsync(k => k.Id == key.Id, ct);
            if (current?.IsValid(now) is not true) return null;
            if (current.ExpiresAt < endsAt) endsAt = current.ExpiresAt;
        }
        // A program that connects again, with a new token, receives the events that it has missed.
        var session = await sessions.StartAsync(account, new()
        {
            UserId = account.Id,
            StartedAt = account.CreatedAt,
            EndsAt = endsAt,
            ClientId = account.Id.ToString(),
            Scope = account.ServiceScope,
            ApiKeyId = key?.Id,
        }, ct);
        if (session is null) return null;
        if (key is not null) await RecordUseAsync(key.Id, ct);
        // Before the lock ends: what ends all sessions afterwards ends the token as well.
        var issuedAt = AccessTokenIssuer.GetTime(clock.GetUtcNow(), account.Membership!.RevokedAt);
        await transaction.CommitAsync(ct);
        return (account, session, issuedAt);
    }

    /// <summary>Returns an access token for an API key. Throws <see cref="Unauthenticated"/> when the key is not valid.</summary>
    internal async Task<AccessToken> ExchangeAsync(string text, CancellationToken ct)
    {
        db.Tenancy.Enter(hospital: null);
        // Before the transaction, which holds a connection.
        var signing = await ring.GetSigningCredentialsAsync(ct);
        // Twice, because a change of the account at the same moment ends the first attempt.
        for (var attempt = 0; attempt < 2; attempt++)
        {
            if (await FindKeyAsync(text, ct) is not { } key) continue;
            if (await StartAsync(key.ServiceAccountId, key, ct) is not (var account, var session, var issuedAt)) continue;
            var policy = await policies.GetAsync(account.HospitalId, ct);
            var (token, _) = tokens.Issue(account, session, policy, signing, refreshedAt: issuedAt, session.EndsAt, clientId: account.Id.ToString(),
                at: issuedAt);
            return new(token);
        }
        await trail.RecordOfStrangerAsync(SessionTrail.LogIn, account: null, AuditOutcome.Forbidden, ct);
        throw new Unauthenticated(ErrorCodes.AuthInvalid, "The API key is not valid, or no longer.");
    }

    /// <summary>Records that a token of a session was used, as a use of the session's API key.</summary>
    internal async Task RecordUseOfSessionAsync(Guid sessionId, CancellationToken ct)
    {
        db.Tenancy.Enter(hospital: null);
        if (await db.Sessions.Where(s => s.Id == sessionId).Select(s => s.ApiKeyId).SingleOrDefaultAsync(ct) is { } key) await RecordUseAsync(key, ct);
    }

    private async Task RecordUseAsync(Guid keyId, CancellationToken ct)
    {
        var (now, before) = (clock.GetUtcNow(), clock.GetUtcNow() - UseInterval);
        await db.ApiKeys.Where(k => k.Id == keyId && (k.LastUsedAt == null || k.LastUsedAt < before))
            .ExecuteUpdateAsync(k => k.SetProperty(x => x.LastUsedAt, now), ct);
    }
}
