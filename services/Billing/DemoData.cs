using MedCor.Billing.Subscriptions;
using MedCor.Contracts.Billing;
using MedCor.DemoData;
using MedCor.Platform.DemoData;
using MedCor.Platform.LocalCopies;
using Microsoft.EntityFrameworkCore;
using Subscription = MedCor.Billing.Subscriptions.Subscription;

namespace MedCor.Billing;

/// <summary>Seeds subscriptions that the demo hospitals have paid by the month for a year.</summary>
internal sealed class DemoData(BillingDb db, Ledger ledger, TimeProvider clock) : IDemoDataSeeder
{
    public async Task SeedAsync(CancellationToken ct)
    {
        if (await db.Subscriptions.AnyAsync(ct)) return;

        foreach (var (demo, type) in DemoTenants.Hospitals.Zip([PlanType.Professional, PlanType.Basic]))
        {
            var hospital = new HospitalCopy { HospitalId = demo.Id, Name = demo.Name, TimeZone = demo.TimeZone, IsActive = true };
            var today = hospital.Today(clock.GetUtcNow());
            var plan = await db.Plans.SingleAsync(p => p.PlanType == type, ct);
            var subscription = Subscription.Create(plan, demo.Id, new DateOnly(today.Year, today.Month, 1).AddMonths(-11), BillingCycle.Monthly);
            db.Add(subscription);
            while (subscription.IsDue(today)) await ledger.ChargeDuePeriodsAsync(subscription, hospital, subscription.DueOn, ct);
            db.Raise(() => new SubscriptionCreated(subscription.ToContract()));
        }
        await db.SaveChangesAsync(ct);
    }
}
