using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.ServiceDefaults.Authentication;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Sessions;

/// <summary>Ends the session that a refresh token, an access token or both name. Ending a session that has already ended is not an error.</summary>
internal sealed class LogOutHandler(IdentityDb db, SessionManager sessions, TokenValidator tokens)
{
    internal async Task<LoggedOut> HandleAsync(LogOut request, HttpContext http, CancellationToken ct)
    {
        Caller? caller = null;
        try
        {
            caller = await tokens.AuthenticateAsync(http);
        }
        catch (Unauthenticated) when (request.RefreshToken is not null)
        {
            // A client whose access token has expired can still log out with the refresh token.
        }

        db.Tenancy.Enter(hospital: null);
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        if (caller is not null) await sessions.EndAsync(caller.SessionId, ct);
        if (request.RefreshToken is { } refresh)
        {
            var hash = RefreshToken.HashOf(refresh);
            if (await db.RefreshTokens.AsNoTracking().SingleOrDefaultAsync(t => t.Hash == hash, ct) is { } token) await sessions.EndAsync(token.SessionId, ct);
        }
        await transaction.CommitAsync(ct);
        return new();
    }
}
