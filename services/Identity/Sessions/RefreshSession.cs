using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Contracts.Identity;
using MedCor.Identity.Audit;
using MedCor.Identity.Keys;
using MedCor.Identity.SecondFactors;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Sessions;

/// <summary>
/// Exchanges a refresh token for new tokens, once. A token that is presented a second time was copied: since thief and owner cannot
/// be told apart, the session ends for both (RFC 9700, section 4.14.2). When two requests present a token at the same time, the
/// database lets one of them spend it; the other counts as the second use.
/// </summary>
internal sealed class RefreshSessionHandler(IdentityDb db, KeyRing keys, SessionManager sessions, SecondFactorManager secondFactors, TimeProvider clock)
{
    internal async Task<SessionTokens> HandleAsync(RefreshSession request, CancellationToken ct)
    {
        db.Tenancy.Enter(hospital: null);
        var (hash, now) = (RefreshToken.HashOf(request.RefreshToken), clock.GetUtcNow());

        // Outside the transaction: loading the key may take a connection of its own, and none would be left
        // if as many requests waited for one within their transactions.
        var key = await keys.GetSigningCredentialsAsync(ct);
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        var spends =
            await db.RefreshTokens.Where(t => t.Hash == hash && t.SpentAt == null).ExecuteUpdateAsync(t => t.SetProperty(x => x.SpentAt, now), ct) == 1;
        var token = await db.RefreshTokens.AsNoTracking()
            .Include(t => t.Session!.User!.Membership!.Login).Include(t => t.Session!.User!.Hospital).SingleOrDefaultAsync(t => t.Hash == hash, ct);

        var (next, lacksFactor) = ((SessionTokens?)null, false);
        if (token is { Session: { User: { } user } session })
        {
            if (!spends) await sessions.EndAsync(session.Id, ct, SessionTrail.ReuseToken, AuditOutcome.Forbidden);
            else if (token.ExpiresAt > now && session.RevokedAt is null && user.CanLogIn)
            {
                lacksFactor = await secondFactors.IsMissingAsync(user, session.AuthenticationMethods, ct);
                if (lacksFactor) await sessions.EndAloneAsync(session.Id, ct);
                else if ((next = await sessions.ContinueAsync(session, user, key, ct)) is not null) await sessions.RecordUseAsync(session.Id, ct);
                else await sessions.EndAloneAsync(session.Id, ct);
            }
        }
        await transaction.CommitAsync(ct);
        return next ?? throw new Unauthenticated(ErrorCodes.AuthInvalid,
            lacksFactor ? SecondFactorManager.MissingFromSession : "The refresh token is not valid, or no longer. Log in again.");
    }
}
