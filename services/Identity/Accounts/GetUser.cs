using MedCor.Contracts.Identity;
using MedCor.ServiceDefaults.Tools;

namespace MedCor.Identity.Accounts;

internal sealed class GetUserHandler(VisibleUsers users) : IHandle<GetUser, User>
{
    public Task<User> Handle(GetUser asked, CancellationToken ct) => users.Get(asked.UserId, ct);
}
