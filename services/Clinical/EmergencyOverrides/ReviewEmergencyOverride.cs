using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Platform.Tools;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Clinical.EmergencyOverrides;

internal sealed class ReviewEmergencyOverrideHandler(ClinicalDb db) : IToolHandler<ReviewEmergencyOverride, Contracts.Clinical.EmergencyOverride>
{
    public async Task<Contracts.Clinical.EmergencyOverride> HandleAsync(ReviewEmergencyOverride request, CancellationToken ct)
    {
        db.Tenancy.Caller.RequireOwnLogIn("review emergency overrides");
        var emergency = await db.EmergencyOverrides.SingleOrDefaultAsync(e => e.Id == request.EmergencyOverrideId, ct)
            ?? throw new NotFound("emergency override");
        if (emergency.UserId == db.Tenancy.Caller.UserId) throw new Forbidden("Somebody else reviews your emergency overrides.");
        emergency.ThrowIfVersionDiffers(request.ExpectedVersion);
        var now = await db.GetDatabaseTimeAsync(ct);
        emergency.Review(request, db.Tenancy.Caller.UserId, now);
        // Whoever has no reason for one override has none for those of the same patient beside it. They stay to be reviewed.
        EmergencyOverride[] others = request.IsJustified ? [] : await db.EmergencyOverrides
            .Where(e => e.UserId == emergency.UserId && e.PatientId == emergency.PatientId && e.EndsAt > now && e.Id != emergency.Id).ToArrayAsync(ct);
        foreach (var other in others) other.EndsAt = now;

        Guid[] notified =
        [
            .. await db.FindNotifiedUsersAsync(emergency.HospitalId, ct),
            .. await db.FindRepresentativesAsync(emergency.HospitalId, emergency.PatientId, ct, completely: true),
        ];
        foreach (var ended in others.Prepend(emergency))
            db.Raise(() => new EmergencyOverrideReviewed(ended.ToContract(now).WithoutContent(), notified));
        await db.SaveChangesAsync(ct);
        return emergency.ToContract(now);
    }
}
