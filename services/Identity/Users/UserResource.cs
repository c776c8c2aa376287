using MedCor.Contracts.Identity;
using MedCor.Identity.Accounts;
using MedCor.Platform.Database;
using MedCor.Platform.Querying;
using MedCor.Platform.Resources;
using MedCor.Validation;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Users;

internal sealed class UserResource(IdentityDb db) : QueryableResource<Account, User>(db)
{
    private static readonly QueryableFields<Account> QueryFields = new QueryableFields<Account>("last_name,first_name", a => a.Id)
    {
        { "id", a => a.Id, Selectivity.High },
        { "hospital_id", a => a.HospitalId },
        { "email", a => a.EmailKey!, Selectivity.High | Selectivity.Searchable, EmailAddresses.GetLookupKey },
        { "first_name", a => EF.Functions.Collate(a.FirstName, TextFunctions.NameCollation), Selectivity.Searchable },
        { "last_name", a => EF.Functions.Collate(a.LastName, TextFunctions.NameCollation), Selectivity.Searchable },
        { "role", a => a.Role },
        { "is_active", a => a.IsActive },
        { "created_at", a => a.CreatedAt },
        { "updated_at", a => a.UpdatedAt },
    }
        .WithIndex("last_name", "first_name").WithIndex("role", "last_name", "first_name").WithIndex("is_active", "last_name", "first_name")
        .WithIndex("role", "is_active", "last_name", "first_name")
        .WithIndex("email").WithIndex("created_at").WithIndex("role", "created_at").WithIndex("updated_at")
        .WithSearch(a => a.SearchText);

    protected override QueryableFields<Account> Fields => QueryFields;
    protected override string EntityName => "user";
    protected override string? OwnerField => "id";
    protected override IQueryable<Account> Rows => db.VisibleAccounts();
    protected override User ToContract(Account row) => row.ToUser();
}
