using MedCor.Clinical.People;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Platform.Tools;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Clinical.EmergencyOverrides;

internal sealed class BreakGlassHandler(ClinicalDb db, PersonCopies people) : IToolHandler<BreakGlass, PersonCopy, Contracts.Clinical.EmergencyOverride>
{
    /// <summary>Checks that a person asks and returns the patient.</summary>
    public Task<PersonCopy> PrepareAsync(BreakGlass request, CancellationToken ct)
    {
        db.Tenancy.Caller.RequireOwnLogIn("open content in an emergency");
        return people.RequirePatientAsync(request.PatientId, ct);
    }

    public async Task<Contracts.Clinical.EmergencyOverride> HandleAsync(BreakGlass request, PersonCopy patient, CancellationToken ct)
    {
        var me = db.Tenancy.Caller.UserId;
        // Of concurrent calls of one user, each counts the patients of those before it.
        db.ExecuteWithNext($"SELECT pg_advisory_xact_lock(hashtextextended({$"emergency overrides of {me}"}, 0))");
        var now = await db.GetDatabaseTimeAsync(ct);
        var others = await db.EmergencyOverrides.Where(e => e.UserId == me && e.EndsAt > now && e.PatientId != patient.Id)
            .Select(e => e.PatientId).Distinct().CountAsync(ct);
        if (others >= Contracts.Clinical.EmergencyOverride.MaxOpenPatients)
            throw new Conflict($"You have opened the content of {others} patients, which is the most at once. Wait until one of the overrides has ended.")
                .WithDetail("max_open_patients", Contracts.Clinical.EmergencyOverride.MaxOpenPatients);

        var emergency = new EmergencyOverride
        {
            HospitalId = patient.HospitalId,
            PatientId = patient.Id,
            UserId = me,
            Reason = request.Reason,
            Minutes = request.Minutes,
            EndsAt = now.AddMinutes(request.Minutes),
        };
        Guid[] notified =
        [
            .. await db.FindNotifiedUsersAsync(patient.HospitalId, ct),
            .. await db.FindRepresentativesAsync(patient.HospitalId, patient.Id, ct, completely: true),
        ];
        db.Add(emergency);
        db.Raise(() => new EmergencyOverrideBegan(emergency.ToContract(now).WithoutContent(), notified));
        await db.SaveChangesAsync(ct);
        return emergency.ToContract(now);
    }
}
