using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.ServiceDefaults.Tools;

namespace MedCor.Identity.Accounts;

internal sealed class ListUsersHandler(VisibleUsers users) : IHandle<ListUsers, Page<User>>
{
    public Task<Page<User>> Handle(ListUsers asked, CancellationToken ct) => users.Page(asked, list => list
        .Where("role", asked.Role)
        .Where("hospital_id", asked.HospitalId)
        .Where("is_active", asked.IsActive)
        .Search("search", asked.Search), ct);
}
