using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.Identity.Accounts;
using MedCor.Identity.Hospitals;
using MedCor.Identity.Keys;
using MedCor.Identity.SecondFactors;
using MedCor.ServiceDefaults.Authentication;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Sessions;

/// <summary>
/// Issues another access token of the same session to a caller with a valid one, with the caller's current rights and the
/// scopes of that token. Renewal does not prolong the session, which ends when it is not refreshed in time, as any other does. The token expires with the
/// session, and no later than <see cref="SessionOptions.MaxRenewalWithoutRefresh"/> after the login or refresh that it
/// descends from: a refresh elsewhere prolongs other tokens, not this one.
/// </summary>
internal sealed class RenewAccessHandler(IdentityDb db, KeyRing keys, AccessTokenIssuer tokens, SignInPolicies policies, SecondFactorManager secondFactors,
    TimeProvider clock)
{
    /// <summary>The longest lifetime of a token that is exchanged for one for MCP.</summary>
    private static readonly TimeSpan ExchangedTokenLifetime = TimeSpan.FromMinutes(5);

    internal async Task<AccessToken> HandleAsync(Caller caller, CancellationToken ct)
    {
        db.Tenancy.Enter(hospital: null);
        var now = clock.GetUtcNow();

        // Outside the transaction, which holds a connection.
        var key = await keys.GetSigningCredentialsAsync(ct);
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        await LockAsync(caller, ct);
        var (session, user) = await FindSessionAsync(caller, now, ct);
        var family = db.RefreshTokens.Where(t => t.SessionId == caller.SessionId);
        var idleUntil = await family.Where(t => t.SpentAt == null).MaxAsync(t => (DateTimeOffset?)t.ExpiresAt, ct);
        if (idleUntil is null) throw SessionEnded();

        // A token issued by an earlier version has no refresh time: the last refresh before the token's issue counts then. Token times are in whole seconds.
        var issuedBy = caller.IssuedAt.AddSeconds(1);
        var refreshedAt = caller.RefreshedAt ?? await family.Where(t => t.SpentAt < issuedBy).MaxAsync(t => t.SpentAt, ct) ?? session.StartedAt;
        var until = Min(idleUntil.Value, refreshedAt + SessionOptions.MaxRenewalWithoutRefresh);
        // The caller's token lasts at least as long as any that could be issued.
        if (until.ToUnixTimeSeconds() <= caller.ExpiresAt.ToUnixTimeSeconds()) throw SessionEnded();
        var policy = await policies.GetAsync(user.HospitalId, ct);
        var (token, _) = tokens.Issue(user, session, policy, key, refreshedAt, until, renewed: caller);
        await transaction.CommitAsync(ct);
        return new(token);
    }

    /// <summary>
    /// Exchanges a token for MCP, which services do not accept, for one of the same session that they do, with the caller's current rights and the scopes of
    /// that token. It expires with that token, and after <see cref="ExchangedTokenLifetime"/> at the latest.
    /// </summary>
    internal async Task<AccessToken> ExchangeAsync(Caller caller, CancellationToken ct)
    {
        db.Tenancy.Enter(hospital: null);
        var now = clock.GetUtcNow();
        var key = await keys.GetSigningCredentialsAsync(ct);
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        await LockAsync(caller, ct);
        var (session, user) = await FindSessionAsync(caller, now, ct);
        var policy = await policies.GetAsync(user.HospitalId, ct);
        var (token, _) = tokens.Issue(user, session, policy, key, caller.RefreshedAt ?? session.StartedAt,
            Min(caller.ExpiresAt, now + ExchangedTokenLifetime), renewed: caller);
        await transaction.CommitAsync(ct);
        return new(token);
    }

    /// <summary>Ending the sessions of the user waits for this lock, and then revokes the new token as well.</summary>
    private Task<int> LockAsync(Caller caller, CancellationToken ct) =>
        db.Database.ExecuteSqlAsync($"SELECT FROM memberships WHERE user_id = {caller.UserId} FOR SHARE", ct);

    /// <summary>Returns the caller's session and user. Throws <see cref="Unauthenticated"/> when the user could not start the session now.</summary>
    private async Task<(Session Session, Account User)> FindSessionAsync(Caller caller, DateTimeOffset now, CancellationToken ct)
    {
        var session = await db.Sessions.AsNoTracking().Include(s => s.User!.Membership!.Login).Include(s => s.User!.Hospital)
            .SingleOrDefaultAsync(s => s.Id == caller.SessionId && s.UserId == caller.UserId && s.RevokedAt == null && s.EndsAt > now, ct);
        if (session is not { User: { CanLogIn: true } user }) throw SessionEnded();
        if (await secondFactors.IsMissingAsync(user, session.AuthenticationMethods, ct))
            throw new Unauthenticated(ErrorCodes.AuthInvalid, SecondFactorManager.MissingFromSession);
        return (session, user);
    }

    private static Unauthenticated SessionEnded() =>
        new(ErrorCodes.AuthInvalid, "The session is over, or this token was renewed for too long. Refresh it or log in again.");

    private static DateTimeOffset Min(DateTimeOffset a, DateTimeOffset b) => a < b ? a : b;
}
