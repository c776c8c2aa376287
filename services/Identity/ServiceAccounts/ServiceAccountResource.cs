using MedCor.Contracts.Identity;
using MedCor.Identity.Accounts;
using MedCor.Platform.Database;
using MedCor.Platform.Querying;
using MedCor.Platform.Resources;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.ServiceAccounts;

/// <summary>Defines the list of service accounts, of which a hospital has a limited number.</summary>
internal sealed class ServiceAccountResource(IdentityDb db) : QueryableResource<Account, ServiceAccount>(db)
{
    private static readonly QueryableFields<Account> QueryFields = new("name", a => a.Id)
    {
        { "id", a => a.Id, Selectivity.High },
        { "hospital_id", a => a.HospitalId },
        { "name", a => EF.Functions.Collate(a.FirstName, TextFunctions.NameCollation) },
        { "is_active", a => a.IsActive },
        { "created_at", a => a.CreatedAt },
        { "updated_at", a => a.UpdatedAt },
    };

    protected override QueryableFields<Account> Fields => QueryFields;
    protected override string EntityName => "service account";
    protected override IQueryable<Account> Rows => db.ServiceAccounts();
    protected override ServiceAccount ToContract(Account row) => row.ToServiceAccount();
}
