using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.Identity.Accounts;
using MedCor.ServiceDefaults.Lists;
using MedCor.ServiceDefaults.Resources;
using MedCor.ServiceDefaults.Tools;

namespace MedCor.Identity.Patients;

internal sealed class VisiblePatients(IdentityDb db) : Resource<Account, Patient>(db)
{
    private static readonly Fields<Account> All = new Fields<Account>("last_name,first_name", a => a.Id)
    {
        { "id", a => a.Id, Selects.Few },
        { "hospital_id", a => a.HospitalId },
        { "email", a => a.EmailKey, Selects.Few | Selects.Part, EmailAddresses.KeyOf },
        { "first_name", a => a.FirstName, Selects.Part },
        { "last_name", a => a.LastName, Selects.Part },
        { "date_of_birth", a => a.DateOfBirth, Selects.Few },
        { "is_active", a => a.IsActive },
        { "created_at", a => a.CreatedAt },
        { "updated_at", a => a.UpdatedAt },
    }
        .Indexed("last_name", "first_name").Indexed("is_active", "last_name", "first_name")
        .Indexed("created_at").Indexed("is_active", "created_at").Indexed("updated_at").Indexed("is_active", "updated_at")
        .Indexed("email").Indexed("is_active", "email").Indexed("date_of_birth").Indexed("is_active", "date_of_birth")
        .Searched(a => a.SearchText);

    protected override Fields<Account> Fields => All;
    protected override string Thing => "patient";
    protected override string? OwnedBy => "id";
    protected override IQueryable<Account> Rows => db.Seen().Where(a => a.Role == Role.Patient);
    protected override Patient Show(Account row) => row.ToPatient();
}
