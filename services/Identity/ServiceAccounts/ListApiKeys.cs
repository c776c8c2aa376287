using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.Platform.Tools;

namespace MedCor.Identity.ServiceAccounts;

internal sealed class ListApiKeysHandler(ApiKeyResource keys) : IToolHandler<ListApiKeys, Page<Contracts.Identity.ApiKey>>
{
    public Task<Page<Contracts.Identity.ApiKey>> HandleAsync(ListApiKeys request, CancellationToken ct) =>
        keys.ReadPageAsync(request, list => list.Where("service_account_id", request.ServiceAccountId), ct);
}
