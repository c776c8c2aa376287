using MedCor.Clinical.People;
using MedCor.Clinical.Scheduling;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Platform.Database;
using MedCor.Platform.LocalCopies;
using MedCor.Platform.Tools;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Clinical.Representatives;

internal sealed class CreateRepresentativeHandler(ClinicalDb db, PersonCopies people, HospitalCopies hospitals, TimeProvider clock)
    : IToolHandler<CreateRepresentative, (PersonCopy Patient, PersonCopy User), Contracts.Clinical.Representative>
{
    private static readonly Role[] RepresentingRoles = [Role.Patient];

    /// <summary>Checks who acts for whom and returns both.</summary>
    public async Task<(PersonCopy Patient, PersonCopy User)> PrepareAsync(CreateRepresentative request, CancellationToken ct)
    {
        db.Tenancy.Caller.RequireOwnLogIn("register who acts for patients");
        var patient = await people.RequirePatientAsync(request.PatientId, ct);
        var user = await people.RequireStaffAsync(request.UserId, "user_id", RepresentingRoles, ct);
        if (!patient.IsActive) throw new ValidationFailed("patient_id", Contracts.Identity.Patient.InactiveError);
        if (user.Id == patient.Id) throw new ValidationFailed("user_id", "is the patient: somebody else acts for a patient");
        return (patient, user);
    }

    public async Task<Contracts.Clinical.Representative> HandleAsync(CreateRepresentative request, (PersonCopy Patient, PersonCopy User) prepared,
        CancellationToken ct)
    {
        var (patient, user) = prepared;
        var hospital = await hospitals.FindAsync(patient.HospitalId, ct) ?? throw new NotFound("patient");
        var today = hospital.Today(clock.GetUtcNow());
        var last = today.AddYears(Contracts.Clinical.Representative.MaxYears);
        if (request.Until < today || request.Until > last)
            throw new ValidationFailed("until",
                FormattableString.Invariant($"must be a day from {today:yyyy-MM-dd}, today by the hospital's clocks, to {last:yyyy-MM-dd}"));

        // Of concurrent calls for one user, each counts the patients of those before it.
        db.ExecuteWithNext($"SELECT pg_advisory_xact_lock(hashtextextended({$"patients of {user.Id}"}, 0))");
        var now = await db.GetDatabaseTimeAsync(ct);
        var others = await db.Representatives.Where(r => r.UserId == user.Id && r.EndsAt > now && r.PatientId != patient.Id)
            .Select(r => r.PatientId).Distinct().CountAsync(ct);
        if (others >= Contracts.Clinical.Representative.MaxPatients)
            throw new Conflict($"The user acts for {others} patients, which is the most at once. End one of these first.")
                .WithDetail("max_patients", Contracts.Clinical.Representative.MaxPatients);

        var representative = new RepresentativeWithNames
        {
            Representative = new()
            {
                HospitalId = patient.HospitalId,
                PatientId = patient.Id,
                UserId = user.Id,
                Kind = request.Kind,
                SeesRestricted = request.SeesRestricted ?? request.Kind == RepresentativeKind.Guardian,
                Reason = request.Reason,
                Until = request.Until,
                EndsAt = HospitalClock.ForZone(hospital.TimeZone).FirstInstantFrom(request.Until.AddDays(1), TimeOnly.MinValue),
                RegisteredBy = db.Tenancy.Caller.UserId,
            },
            Patient = patient,
            User = user,
        };
        var notified = await db.FindNotifiedUsersAsync(patient.HospitalId, ct);
        db.Add(representative.Representative);
        db.Raise(() => new RepresentativeCreated(representative.ToContract(now).WithoutTexts(), notified));
        try
        {
            await db.SaveChangesAsync(ct);
        }
        catch (DbUpdateException e) when (e.ViolatesConstraint("representatives_of_others"))
        {
            // The patient was merged into the user since both were read.
            throw new Conflict("The patient was merged into the user, and nobody acts for themselves.");
        }
        return representative.ToContract(now);
    }
}
