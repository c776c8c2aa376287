using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.Identity.Accounts;
using MedCor.ServiceDefaults.Lists;
using MedCor.ServiceDefaults.Resources;
using MedCor.ServiceDefaults.Tools;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Doctors;

/// <summary>The doctors, whom everybody of their hospital may see. They are few however many appointments there are: all of a hospital's are read and sorted.</summary>
internal sealed class VisibleDoctors(IdentityDb db) : Resource<Account, Doctor>(db)
{
    private static readonly Fields<Account> All = new Fields<Account>("last_name,first_name", a => a.Id)
    {
        { "id", a => a.Id, Selects.Few },
        { "hospital_id", a => a.HospitalId },
        { "email", a => a.EmailKey, Selects.Few, EmailAddresses.KeyOf },
        { "first_name", a => a.FirstName },
        { "last_name", a => a.LastName },
        { "license_number", a => a.LicenseNumber },
        { "years_of_experience", a => a.YearsOfExperience },
        { "is_available", a => a.IsAvailable },
        { "is_active", a => a.IsActive },
        { "created_at", a => a.CreatedAt },
        { "updated_at", a => a.UpdatedAt },
    }
        .Searched(a => a.FirstName + " " + a.LastName);

    protected override Fields<Account> Fields => All;
    protected override string Thing => "doctor";
    protected override IQueryable<Account> Rows => db.Accounts.Where(a => a.Role == Role.Doctor);
    protected override IQueryable<Account> Complete(IQueryable<Account> rows) => rows.Include(a => a.Practices).ThenInclude(p => p.Specialty);
    protected override Doctor Show(Account row) => row.ToDoctor();
}
