using MedCor.Contracts.Identity;
using MedCor.ServiceDefaults.Tools;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Accounts;

internal sealed class GetCurrentUserHandler(IdentityDb db) : IHandle<GetCurrentUser, User>
{
    public async Task<User> Handle(GetCurrentUser asked, CancellationToken ct) =>
        (await db.Accounts.AsNoTracking().Find(db.Tenancy.Caller.UserId, "user", ct)).ToUser();
}
