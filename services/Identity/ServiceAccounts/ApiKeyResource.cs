using MedCor.Platform.Database;
using MedCor.Platform.Querying;
using MedCor.Platform.Resources;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.ServiceAccounts;

/// <summary>Defines the list of API keys. It is short, because old keys are deleted and the valid ones of an account are limited.</summary>
internal sealed class ApiKeyResource(IdentityDb db) : QueryableResource<ApiKey, Contracts.Identity.ApiKey>(db)
{
    private static readonly QueryableFields<ApiKey> QueryFields = new("name", k => k.Id)
    {
        { "id", k => k.Id, Selectivity.High },
        { "hospital_id", k => k.HospitalId },
        { "service_account_id", k => k.ServiceAccountId, Selectivity.High },
        { "name", k => EF.Functions.Collate(k.Name, TextFunctions.NameCollation) },
        { "expires_at", k => k.ExpiresAt },
        { "created_at", k => k.CreatedAt },
        { "updated_at", k => k.UpdatedAt },
    };

    protected override QueryableFields<ApiKey> Fields => QueryFields;
    protected override string EntityName => "API key";
    protected override IQueryable<ApiKey> Rows => db.ApiKeys;
    protected override Contracts.Identity.ApiKey ToContract(ApiKey row) => row.ToContract(db.UtcNow);
}
