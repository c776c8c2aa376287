using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.Identity.Keys;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Sessions;

/// <summary>
/// Exchanges a refresh token for fresh tokens, once. A token that comes a second time was copied: since nobody can tell thief from owner,
/// the session ends for both (RFC 9700, section 4.14.2). Of two that come at once, the database lets one spend it; the other is the second time.
/// </summary>
internal sealed class RefreshSessionHandler(IdentityDb db, KeyRing keys, SessionManager sessions, TimeProvider clock)
{
    internal async Task<SessionTokens> HandleAsync(RefreshSession request, CancellationToken ct)
    {
        db.Tenancy.Enter(hospital: null);
        var (hash, now) = (RefreshToken.HashOf(request.RefreshToken), clock.GetUtcNow());

        // Outside of the transaction: it may take a connection of its own, and all are taken when as many wait for it within theirs.
        var key = await keys.GetSigningCredentialsAsync(ct);
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        var spends = await db.RefreshTokens.Where(t => t.Hash == hash && t.SpentAt == null).ExecuteUpdateAsync(t => t.SetProperty(x => x.SpentAt, now), ct) == 1;
        var token = await db.RefreshTokens.AsNoTracking()
            .Include(t => t.Session!.User!.Credential).Include(t => t.Session!.User!.Hospital).SingleOrDefaultAsync(t => t.Hash == hash, ct);

        SessionTokens? next = null;
        if (token is { Session: { User: { } user } session })
        {
            if (!spends) await sessions.EndAsync(session.Id, ct);
            else if (token.ExpiresAt > now && session.RevokedAt is null && user.CanLogIn) next = await sessions.ContinueAsync(session, user, key, ct);
        }
        await transaction.CommitAsync(ct);
        return next ?? throw new Unauthenticated(ErrorCodes.AuthInvalid, "The refresh token is not valid, or no longer. Log in again.");
    }
}
