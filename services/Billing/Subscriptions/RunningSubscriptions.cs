using MedCor.Billing.Invoices;
using MedCor.Billing.Plans;
using MedCor.ServiceDefaults.Copies;
using MedCor.ServiceDefaults.Problems;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Billing.Subscriptions;

/// <summary>Subscriptions to be changed.</summary>
internal sealed class RunningSubscriptions(BillingDb db, Ledger ledger, KnownHospitals hospitals, TimeProvider clock)
{
    /// <summary>
    /// A subscription, locked and up to date, with its plan and the hospital's today. Throws <see cref="Missing"/> when there is none, and <see cref="Conflict"/>
    /// when it has ended or is no longer at the expected version.
    /// </summary>
    internal async Task<(Subscription Subscription, Plan Plan, DateOnly Today)> Get(Guid id, long? expectedVersion, CancellationToken ct)
    {
        var subscription = await db.Locked(id, ct) ?? throw new Missing("subscription");
        subscription.Expect(expectedVersion);
        var hospital = await hospitals.Find(subscription.HospitalId, ct) ?? throw new Missing("hospital");
        var today = hospital.Today(clock.GetUtcNow());
        // The renewals may not have come to it yet.
        await ledger.CatchUp(subscription, hospital, today, ct);
        subscription.MustRun();
        return (subscription, await db.Plans.AsNoTracking().SingleAsync(p => p.Id == subscription.PlanId, ct), today);
    }
}
