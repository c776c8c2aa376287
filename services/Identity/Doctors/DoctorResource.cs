using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.Identity.Accounts;
using MedCor.Platform.Database;
using MedCor.Platform.Querying;
using MedCor.Platform.Resources;
using MedCor.Validation;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Doctors;

/// <summary>
/// Queries doctors, whom every user of their hospital may see. Doctors are few, however many appointments
/// there are, so all doctors of a hospital are read and sorted.
/// </summary>
internal sealed class DoctorResource(IdentityDb db) : QueryableResource<Account, Doctor>(db)
{
    private static readonly QueryableFields<Account> QueryFields = new QueryableFields<Account>("last_name,first_name", a => a.Id)
    {
        { "id", a => a.Id, Selectivity.High },
        { "hospital_id", a => a.HospitalId },
        { "email", a => a.EmailKey!, Selectivity.High, EmailAddresses.GetLookupKey },
        { "first_name", a => EF.Functions.Collate(a.FirstName, TextFunctions.NameCollation) },
        { "last_name", a => EF.Functions.Collate(a.LastName, TextFunctions.NameCollation) },
        { "license_number", a => EF.Functions.Collate(a.LicenseNumber, TextFunctions.NameCollation) },
        { "years_of_experience", a => a.YearsOfExperience },
        { "is_available", a => a.IsAvailable },
        { "is_active", a => a.IsActive },
        { "created_at", a => a.CreatedAt },
        { "updated_at", a => a.UpdatedAt },
    }
        .WithSearch(a => a.FirstName + " " + a.LastName);

    protected override QueryableFields<Account> Fields => QueryFields;
    protected override string EntityName => "doctor";
    protected override IQueryable<Account> Rows => db.Accounts.Where(a => a.Role == Role.Doctor);
    protected override IQueryable<Account> IncludeRelated(IQueryable<Account> rows) => rows.Include(a => a.SpecialtyLinks).ThenInclude(p => p.Specialty);
    protected override Doctor ToContract(Account row) => row.ToDoctor();
}
