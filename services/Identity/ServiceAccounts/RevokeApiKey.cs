using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.Identity.Sessions;
using MedCor.Platform.Tools;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.ServiceAccounts;

internal sealed class RevokeApiKeyHandler(IdentityDb db, SessionManager sessions, TimeProvider clock)
    : IToolHandler<RevokeApiKey, Contracts.Identity.ApiKey>
{
    public async Task<Contracts.Identity.ApiKey> HandleAsync(RevokeApiKey request, CancellationToken ct)
    {
        ServiceAccountRules.RequireOwnLogIn(db.Tenancy.Caller);
        var key = await db.ApiKeys.SingleOrDefaultAsync(k => k.Id == request.ApiKeyId, ct) ?? throw new NotFound("API key");
        if (key.RevokedAt is null)
        {
            key.RevokedAt = db.UtcNow;
            await db.SaveChangesAsync(ct);
            await sessions.EndAllOfKeyAsync(key.ServiceAccountId, key.Id, ct);
        }
        return key.ToContract(clock.GetUtcNow());
    }
}
