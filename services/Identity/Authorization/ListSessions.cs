using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.Identity.Accounts;
using MedCor.Identity.Hospitals;
using MedCor.Identity.Sessions;
using MedCor.Platform.Tools;

namespace MedCor.Identity.Authorization;

internal sealed class ListSessionsHandler(IdentityDb db, SessionResource sessions, SignInPolicies policies, TimeProvider clock)
    : IToolHandler<ListSessions, Page<UserSession>>
{
    public async Task<Page<UserSession>> HandleAsync(ListSessions request, CancellationToken ct)
    {
        var caller = db.Tenancy.Caller;
        var userId = request.UserId ?? caller.UserId;
        if (userId != caller.UserId && !caller.IsOneOf(Callers.Admins)) throw new Forbidden("Only administrators see the sessions of other users.");
        var account = await db.Accounts.GetRequiredAsync(userId, "user", ct);
        var policy = await policies.GetAsync(account.HospitalId, ct);
        return await sessions.ReadPageAsync(request, list => list.WhereLive(userId, policy, clock.GetUtcNow()), ct);
    }
}
