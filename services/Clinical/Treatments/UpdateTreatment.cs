using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Platform.LocalCopies;
using MedCor.Platform.Tools;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Clinical.Treatments;

internal sealed class UpdateTreatmentHandler(ClinicalDb db, TreatmentResource treatments, HospitalCopies hospitals, TimeProvider clock)
    : IToolHandler<UpdateTreatment, Contracts.Clinical.Treatment>, ICurrentStateProvider<UpdateTreatment>, IReplayLimiter<Contracts.Clinical.Treatment>
{
    public async Task<object> GetCurrentAsync(UpdateTreatment request, CancellationToken ct) => await treatments.GetAsync(request.TreatmentId, ct);

    public async Task<Contracts.Clinical.Treatment> LimitAsync(Contracts.Clinical.Treatment result, CancellationToken ct)
    {
        var visibility = await ContentVisibility.ReadAsync(db, ct);
        var row = await visibility.WithContent(visibility.Treatments.Where(t => t.Id == result.Id)).AsNoTracking().SingleOrDefaultAsync(ct);
        return row is { HasContent: true } ? result : result.WithoutContent();
    }

    public async Task<Contracts.Clinical.Treatment> HandleAsync(UpdateTreatment request, CancellationToken ct)
    {
        var visibility = await ContentVisibility.ReadAsync(db, ct);
        var treatment = await visibility.Treatments.SingleOrDefaultAsync(t => t.Id == request.TreatmentId, ct) ?? throw new NotFound("treatment");
        treatment.ThrowIfVersionDiffers(request.ExpectedVersion);
        // Whoever changes a treatment becomes its author, who always sees it: what ends must not lead to that.
        if (!await visibility.ChangeableTreatments.AnyAsync(t => t.Id == treatment.Id, ct))
            throw new Forbidden("You see only that the treatment exists, or see it because of a referral or an emergency override. "
                + "Create a new treatment instead.");
        var followUp = treatment.FollowUpDate;
        treatment.Update(request);
        if (treatment.FollowUpDate != followUp) await EnsureFollowUpLiesAheadAsync(treatment, ct);
        if (!db.ChangeTracker.HasChanges()) return treatment.ToContract();

        // The caller becomes the author: the changed content is no longer the previous author's statement.
        treatment.AuthorId = db.Tenancy.Caller.UserId;
        var viewers = await ContentVisibility.FindViewersAsync(
            db, treatment.HospitalId, treatment.PatientId, isRestricted: false, [treatment.AuthorId, treatment.DoctorId], ct);
        var representatives = await db.FindRepresentativesAsync(treatment.HospitalId, treatment.PatientId, ct);
        db.Raise(() => new TreatmentUpdated(treatment.ToContract().WithoutContent(), viewers, representatives));
        await db.SaveChangesAsync(ct);
        return treatment.ToContract();
    }

    private async Task EnsureFollowUpLiesAheadAsync(Treatment treatment, CancellationToken ct)
    {
        var hospital = await hospitals.FindAsync(treatment.HospitalId, ct) ?? throw new NotFound("hospital");
        if (PlannedDateAttribute.FindError(treatment.FollowUpDate, hospital.Today(clock.GetUtcNow())) is { } wrong)
            throw new ValidationFailed("follow_up_date", wrong);
    }
}
