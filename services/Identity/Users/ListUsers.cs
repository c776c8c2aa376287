using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.Platform.Tools;

namespace MedCor.Identity.Users;

internal sealed class ListUsersHandler(UserResource users) : IToolHandler<ListUsers, Page<User>>
{
    public Task<Page<User>> HandleAsync(ListUsers request, CancellationToken ct) => users.ReadPageAsync(request, list => list
        .Where("role", request.Role)
        .Where("hospital_id", request.HospitalId)
        .Where("is_active", request.IsActive)
        .Search("search", request.Search), ct);
}
