using MedCor.Contracts.Identity;
using MedCor.ServiceDefaults.Lists;
using MedCor.ServiceDefaults.Resources;
using MedCor.ServiceDefaults.Tools;

namespace MedCor.Identity.Accounts;

internal sealed class VisibleUsers(IdentityDb db) : Resource<Account, User>(db)
{
    private static readonly Fields<Account> All = new Fields<Account>("last_name,first_name", a => a.Id)
    {
        { "id", a => a.Id, Selects.Few },
        { "hospital_id", a => a.HospitalId },
        { "email", a => a.EmailKey, Selects.Few | Selects.Part, EmailAddresses.KeyOf },
        { "first_name", a => a.FirstName, Selects.Part },
        { "last_name", a => a.LastName, Selects.Part },
        { "role", a => a.Role },
        { "is_active", a => a.IsActive },
        { "created_at", a => a.CreatedAt },
        { "updated_at", a => a.UpdatedAt },
    }
        .Indexed("last_name", "first_name").Indexed("role", "last_name", "first_name").Indexed("is_active", "last_name", "first_name").Indexed("role", "is_active", "last_name", "first_name")
        .Indexed("email").Indexed("created_at").Indexed("role", "created_at").Indexed("updated_at")
        .Searched(a => a.SearchText);

    protected override Fields<Account> Fields => All;
    protected override string Thing => "user";
    protected override string? OwnedBy => "id";
    protected override IQueryable<Account> Rows => db.Seen();
    protected override User Show(Account row) => row.ToUser();
}
