using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.Identity.Accounts;
using MedCor.Identity.SecondFactors;
using MedCor.Identity.Sessions;
using MedCor.Platform.Tools;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Users;

internal sealed class ResetSecondFactorHandler(IdentityDb db, SecondFactorManager secondFactors, SessionManager sessions)
    : IToolHandler<ResetSecondFactor, SecondFactorReset>
{
    public async Task<SecondFactorReset> HandleAsync(ResetSecondFactor request, CancellationToken ct)
    {
        db.Tenancy.Caller.RequireOwnLogIn("reset second factors");
        var account = await db.Accounts.AsNoTracking().Include(a => a.Membership!.Login).GetRequiredAsync(request.UserId, "user", ct);
        if (account.Id == db.Tenancy.Caller.UserId) throw new Forbidden("Users cannot reset their own second factor. Remove it on the account page.");
        if (account.Login is not { } login) return new(account.Id, HadSecondFactor: false);
        await secondFactors.LockAsync(login, ct);
        // They protect the other hospitals too.
        if (!db.Tenancy.Caller.IsOneOf(Callers.Platform) && await db.IsSharedAsync(login, ct))
            throw new Forbidden("The user logs in with these second factors at other hospitals too. Ask the platform's administrators to reset them.");
        var hadAny = await secondFactors.RemoveAllAsync(account, ct);
        if (hadAny) await sessions.EndAllOfLoginAsync(login.Id, ct);
        return new(account.Id, hadAny);
    }
}
