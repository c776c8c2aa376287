using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.Identity.Keys;
using MedCor.ServiceDefaults.Access;
using MedCor.ServiceDefaults.Problems;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Sessions;

/// <summary>
/// Gives who holds a valid access token another one of the same session, with the rights that they have now. The session lives no longer by it: it ends
/// when nobody refreshed it in time, as any other does.
/// </summary>
internal sealed class RenewAccessHandler(IdentityDb db, KeyRing keys, TokenCheck check, AccessTokens tokens, TimeProvider clock)
{
    internal async Task<AccessToken> Handle(HttpContext http, CancellationToken ct)
    {
        var caller = await check.Require(http);
        db.Tenancy.Enter(hospital: null);
        var now = clock.GetUtcNow();

        // Outside of the transaction, which holds a connection.
        var key = await keys.Current(ct);
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        // Whoever ends the sessions of the user waits for this, and ends the new token as well.
        await db.Database.ExecuteSqlAsync($"SELECT FROM credentials WHERE user_id = {caller.UserId} FOR SHARE", ct);
        var session = await db.Sessions.AsNoTracking().Include(s => s.User!.Credential).Include(s => s.User!.Hospital)
            .SingleOrDefaultAsync(s => s.Id == caller.SessionId && s.UserId == caller.UserId && s.RevokedAt == null && s.EndsAt > now
                && db.RefreshTokens.Any(t => t.SessionId == s.Id && t.SpentAt == null && t.ExpiresAt > now), ct);
        if (session is not { User: { MayLogIn: true } user }) throw new Unauthenticated(ErrorCodes.AuthInvalid, "The session is over. Log in again.");
        var token = tokens.For(user, session, key);
        await transaction.CommitAsync(ct);
        return new(token);
    }
}
