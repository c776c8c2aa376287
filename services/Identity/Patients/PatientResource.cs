using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.Identity.Accounts;
using MedCor.Platform.Database;
using MedCor.Platform.Querying;
using MedCor.Platform.Resources;
using MedCor.Validation;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Patients;

internal sealed class PatientResource(IdentityDb db, RepresentedPatients represented) : QueryableResource<Account, Patient>(db)
{
    private static readonly QueryableFields<Account> QueryFields = new QueryableFields<Account>("last_name,first_name", a => a.Id)
    {
        { "id", a => a.Id, Selectivity.High },
        { "hospital_id", a => a.HospitalId },
        { "email", a => a.EmailKey!, Selectivity.High | Selectivity.Searchable, EmailAddresses.GetLookupKey },
        { "first_name", a => EF.Functions.Collate(a.FirstName, TextFunctions.NameCollation), Selectivity.Searchable },
        { "last_name", a => EF.Functions.Collate(a.LastName, TextFunctions.NameCollation), Selectivity.Searchable },
        { "date_of_birth", a => a.DateOfBirth, Selectivity.High },
        { "is_active", a => a.IsActive },
        { "created_at", a => a.CreatedAt },
        { "updated_at", a => a.UpdatedAt },
    }
        .WithIndex("last_name", "first_name").WithIndex("is_active", "last_name", "first_name")
        .WithIndex("created_at").WithIndex("is_active", "created_at").WithIndex("updated_at").WithIndex("is_active", "updated_at")
        .WithIndex("email").WithIndex("is_active", "email").WithIndex("date_of_birth").WithIndex("is_active", "date_of_birth")
        .WithSearch(a => a.SearchText);

    /// <summary>The requested patients for whom the caller acts.</summary>
    private Guid[] _represented = [];

    protected override QueryableFields<Account> Fields => QueryFields;
    protected override string EntityName => "patient";
    protected override string? OwnerField => "id";
    protected override Patient ToContract(Account row) => row.ToPatient();

    /// <summary>Gets the patients whom the caller may see: all of the hospital; for a patient, the caller and the requested ones for whom they act.</summary>
    protected override IQueryable<Account> Rows
    {
        get
        {
            if (_represented.Length == 0) return db.VisibleAccounts().Where(a => a.Role == Role.Patient);
            var (me, others) = (db.Tenancy.Caller.UserId, _represented);
            return db.Accounts.Where(a => a.Role == Role.Patient && (a.Id == me || (a.IsActive && others.Contains(a.Id))));
        }
    }

    /// <summary>
    /// Returns the patient with an ID; of one who was merged, perhaps more than once, the surviving patient. Throws <see cref="Refused"/> when a patient
    /// requests another one and the token lacks the scope to read for whom they act.
    /// </summary>
    public override async Task<Patient> GetAsync(Guid id, CancellationToken ct)
    {
        if (await represented.IncludeAsync(id, ct)) _represented = [id];
        var patient = await base.GetAsync(id, ct);
        while (patient.MergedIntoId is { } survivingId) patient = await base.GetAsync(survivingId, ct);
        return patient;
    }

    protected override async Task PrepareForIdsAsync(IReadOnlyCollection<Guid> ids, CancellationToken ct) =>
        _represented = await represented.FindAsync(ids, ct);

    protected override Task<Guid[]> FindRepresentedAsync(Guid[] patients, CancellationToken ct) => Task.FromResult(_represented);
}
