using MedCor.Contracts.Identity;
using MedCor.ServiceDefaults.Tools;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Accounts;

internal sealed class GetUserHandler(IdentityDb db) : IHandle<GetUser, User>
{
    public async Task<User> Handle(GetUser asked, CancellationToken ct) => (await db.Seen().AsNoTracking().Find(asked.UserId, "user", ct)).ToUser();
}
