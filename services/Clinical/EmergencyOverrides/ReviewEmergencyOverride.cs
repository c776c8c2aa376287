using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Platform.Tools;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Clinical.EmergencyOverrides;

internal sealed class ReviewEmergencyOverrideHandler(ClinicalDb db) : IToolHandler<ReviewEmergencyOverride, Contracts.Clinical.EmergencyOverride>
{
    public async Task<Contracts.Clinical.EmergencyOverride> HandleAsync(ReviewEmergencyOverride request, CancellationToken ct)
    {
        var emergency = await db.EmergencyOverrides.SingleOrDefaultAsync(e => e.Id == request.EmergencyOverrideId, ct)
            ?? throw new NotFound("emergency override");
        if (emergency.UserId == db.Tenancy.Caller.UserId) throw new Forbidden("Somebody else reviews your emergency overrides.");
        emergency.ThrowIfVersionDiffers(request.ExpectedVersion);
        var now = await db.GetDatabaseTimeAsync(ct);
        emergency.Review(request, db.Tenancy.Caller.UserId, now);

        var notified = await db.FindNotifiedUsersAsync(emergency.HospitalId, ct);
        db.Raise(() => new EmergencyOverrideReviewed(emergency.ToContract(now).WithoutContent(), notified));
        await db.SaveChangesAsync(ct);
        return emergency.ToContract(now);
    }
}
