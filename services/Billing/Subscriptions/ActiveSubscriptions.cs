using MedCor.Billing.Plans;
using MedCor.Contracts;
using MedCor.Platform.LocalCopies;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Billing.Subscriptions;

/// <summary>Loads active subscriptions that are to be changed.</summary>
internal sealed class ActiveSubscriptions(BillingDb db, Ledger ledger, HospitalCopies hospitals, TimeProvider clock)
{
    /// <summary>
    /// Returns a subscription, locked and with all due periods charged, together with its plan, its hospital and the hospital's current date. Throws
    /// <see cref="NotFound"/> when there is none, and <see cref="Conflict"/> when the subscription has ended or is not at the expected version.
    /// </summary>
    internal async Task<(Subscription Subscription, Plan Plan, HospitalCopy Hospital, DateOnly Today)> GetForUpdateAsync(Guid id,
        long? expectedVersion, CancellationToken ct)
    {
        var subscription = await db.FindForUpdateAsync(id, ct) ?? throw new NotFound("subscription");
        subscription.ThrowIfVersionDiffers(expectedVersion);
        var hospital = await hospitals.FindAsync(subscription.HospitalId, ct) ?? throw new NotFound("hospital");
        var today = hospital.Today(clock.GetUtcNow());
        // The renewal worker may not have processed the subscription yet.
        await ledger.ChargeDuePeriodsAsync(subscription, hospital, today, ct);
        subscription.EnsureActive();
        return (subscription, await db.Plans.AsNoTracking().SingleAsync(p => p.Id == subscription.PlanId, ct), hospital, today);
    }
}
