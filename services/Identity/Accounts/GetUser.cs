using MedCor.Contracts.Identity;
using MedCor.ServiceDefaults.Tools;

namespace MedCor.Identity.Accounts;

internal sealed class GetUserHandler(UserResource users) : IToolHandler<GetUser, User>
{
    public Task<User> Handle(GetUser request, CancellationToken ct) => users.Get(request.UserId, ct);
}
