using MedCor.Billing.Invoices;
using MedCor.Billing.Plans;
using MedCor.Contracts.Billing;
using MedCor.ServiceDefaults.Copies;
using MedCor.ServiceDefaults.Database;
using MedCor.ServiceDefaults.Problems;
using MedCor.ServiceDefaults.Tools;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Billing.Subscriptions;

internal sealed class CreateSubscriptionHandler(BillingDb db, KnownHospitals hospitals, Ledger ledger, TimeProvider clock)
    : IHandle<CreateSubscription, Contracts.Billing.Subscription>, IPrepare<CreateSubscription>
{
    private KnownHospital hospital = null!;

    public async Task Prepare(CreateSubscription asked, CancellationToken ct)
    {
        hospital = await hospitals.Find(asked.HospitalId, ct) ?? throw new Missing("hospital");
        if (!hospital.IsActive) throw new Conflict("The hospital is out of use.");
    }

    public async Task<Contracts.Billing.Subscription> Handle(CreateSubscription asked, CancellationToken ct)
    {
        var today = hospital.Today(clock.GetUtcNow());
        if (asked.StartDate < today.AddYears(-1) || asked.StartDate > today.AddYears(1)) throw new Invalid("start_date", $"must be at most a year from today, {today:yyyy-MM-dd}");
        if (await db.Subscriptions.Where(s => s.HospitalId == hospital.HospitalId && s.Periods > 0).MaxAsync(s => s.EndedOn, ct) is { } ended && asked.StartDate < ended)
            throw new Invalid("start_date", $"must not be before {ended:yyyy-MM-dd}, to which an earlier subscription was charged");

        var subscription = Subscription.To(await db.Plans.OnOffer(asked.PlanId, ct), hospital.HospitalId, asked.StartDate, asked.BillingCycle);
        db.Add(subscription);
        await ledger.CatchUp(subscription, hospital, today, ct);
        db.Raise(() => new SubscriptionCreated(subscription.ToContract()));
        try
        {
            await db.SaveChangesAsync(ct);
        }
        catch (DbUpdateException e) when (e.Violates("one_active_subscription"))
        {
            throw new Conflict("The hospital has an active subscription. Change that one, or cancel it first.");
        }
        return subscription.ToContract();
    }
}
