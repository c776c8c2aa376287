using MedCor.Clinical.People;
using MedCor.Clinical.Scheduling;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Platform.LocalCopies;
using MedCor.Platform.Tools;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Clinical.Referrals;

internal sealed class CreateReferralHandler(ClinicalDb db, PersonCopies people, HospitalCopies hospitals, TimeProvider clock)
    : IToolHandler<CreateReferral, PersonCopy, Contracts.Clinical.Referral>
{
    private static readonly Role[] ReferredRoles = [Role.Doctor, Role.Nurse];

    /// <summary>Checks who is referred to whom and returns the patient.</summary>
    public async Task<PersonCopy> PrepareAsync(CreateReferral request, CancellationToken ct)
    {
        db.Tenancy.Caller.RequireOwnLogIn("refer patients");
        var patient = await people.RequirePatientAsync(request.PatientId, ct);
        await people.RequireStaffAsync(request.UserId, "user_id", ReferredRoles, ct);
        if (request.UserId == db.Tenancy.Caller.UserId) throw new ValidationFailed("user_id", "is yourself: somebody else refers a patient to you");
        return patient;
    }

    public async Task<Contracts.Clinical.Referral> HandleAsync(CreateReferral request, PersonCopy patient, CancellationToken ct)
    {
        var caller = db.Tenancy.Caller;
        // Neither a referral nor an emergency is a reason to refer: nobody passes on more than was given to them.
        if (caller.Kind == Callers.Doctor
            && !await db.CareRelations.AnyAsync(c => c.UserId == caller.UserId && c.PatientId == patient.Id && c.Basis == CareBasis.Visit, ct))
            throw new Forbidden("Doctors refer patients who have or had a visit with them. Ask an administrator of your hospital.");
        var hospital = await hospitals.FindAsync(patient.HospitalId, ct) ?? throw new NotFound("patient");
        var now = clock.GetUtcNow();
        var today = hospital.Today(now);
        var last = today.AddDays(Contracts.Clinical.Referral.MaxDays);
        if (request.Until < today || request.Until > last)
            throw new ValidationFailed("until",
                FormattableString.Invariant($"must be a day from {today:yyyy-MM-dd}, today by the hospital's clocks, to {last:yyyy-MM-dd}"));

        var referral = new Referral
        {
            HospitalId = patient.HospitalId,
            PatientId = patient.Id,
            UserId = request.UserId,
            ReferredBy = caller.UserId,
            Reason = request.Reason,
            Until = request.Until,
            EndsAt = HospitalClock.ForZone(hospital.TimeZone).FirstInstantFrom(request.Until.AddDays(1), TimeOnly.MinValue),
        };
        var representatives = await db.FindRepresentativesAsync(referral.HospitalId, referral.PatientId, ct, completely: true);
        db.Add(referral);
        db.Raise(() => new ReferralCreated(referral.ToContract(now).WithoutContent(), representatives));
        await db.SaveChangesAsync(ct);
        return referral.ToContract(now);
    }
}
