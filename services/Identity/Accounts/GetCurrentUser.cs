using MedCor.Contracts.Identity;
using MedCor.ServiceDefaults.Tools;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Accounts;

internal sealed class GetCurrentUserHandler(IdentityDb db) : IToolHandler<GetCurrentUser, User>
{
    public async Task<User> Handle(GetCurrentUser request, CancellationToken ct) =>
        (await db.Accounts.AsNoTracking().GetRequired(db.Tenancy.Caller.UserId, "user", ct)).ToUser();
}
