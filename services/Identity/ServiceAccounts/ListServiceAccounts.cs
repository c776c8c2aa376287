using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.Platform.Tools;

namespace MedCor.Identity.ServiceAccounts;

internal sealed class ListServiceAccountsHandler(ServiceAccountResource accounts) : IToolHandler<ListServiceAccounts, Page<ServiceAccount>>
{
    public Task<Page<ServiceAccount>> HandleAsync(ListServiceAccounts request, CancellationToken ct) =>
        accounts.ReadPageAsync(request, list => list.Where("hospital_id", request.HospitalId).Where("is_active", request.IsActive), ct);
}
