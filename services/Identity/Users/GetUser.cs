using MedCor.Contracts.Identity;
using MedCor.Platform.Tools;

namespace MedCor.Identity.Users;

internal sealed class GetUserHandler(UserResource users) : IToolHandler<GetUser, User>
{
    public Task<User> HandleAsync(GetUser request, CancellationToken ct) => users.GetAsync(request.UserId, ct);
}
