using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Platform.Tools;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Clinical.Referrals;

internal sealed class EndReferralHandler(ClinicalDb db) : IToolHandler<EndReferral, Contracts.Clinical.Referral>
{
    public async Task<Contracts.Clinical.Referral> HandleAsync(EndReferral request, CancellationToken ct)
    {
        var referral = await db.VisibleReferrals.SingleOrDefaultAsync(r => r.Id == request.ReferralId, ct) ?? throw new NotFound("referral");
        referral.ThrowIfVersionDiffers(request.ExpectedVersion);
        if (db.Tenancy.Caller is { Kind: Callers.Doctor, UserId: var me } && me != referral.ReferredBy)
            throw new Forbidden("Doctors end the referrals that they made.");
        var now = await db.GetDatabaseTimeAsync(ct);
        if (referral.EndsAt > now) referral.EndsAt = now;
        await db.SaveChangesAsync(ct);
        return referral.ToContract(now);
    }
}
