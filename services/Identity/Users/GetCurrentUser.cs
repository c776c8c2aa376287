using MedCor.Contracts.Identity;
using MedCor.Identity.Accounts;
using MedCor.Platform.Tools;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Users;

internal sealed class GetCurrentUserHandler(IdentityDb db) : IToolHandler<GetCurrentUser, User>
{
    public async Task<User> HandleAsync(GetCurrentUser request, CancellationToken ct) =>
        (await db.Accounts.AsNoTracking().GetRequiredAsync(db.Tenancy.Caller.UserId, "user", ct)).ToUser();
}
