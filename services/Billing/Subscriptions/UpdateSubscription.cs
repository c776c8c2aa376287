using MedCor.Billing.Invoices;
using MedCor.Billing.Plans;
using MedCor.Contracts.Billing;
using MedCor.ServiceDefaults.Tools;

namespace MedCor.Billing.Subscriptions;

internal sealed class UpdateSubscriptionHandler(BillingDb db, Ledger ledger, RunningSubscriptions running) : IHandle<UpdateSubscription, Contracts.Billing.Subscription>
{
    public async Task<Contracts.Billing.Subscription> Handle(UpdateSubscription asked, CancellationToken ct)
    {
        var (subscription, plan, today) = await running.Get(asked.SubscriptionId, asked.ExpectedVersion, ct);

        if (asked.AutoRenew is { } renews) subscription.Renews(renews);
        if (asked.PlanId is { } wanted && wanted != plan.Id)
            await ledger.Issue(subscription, subscription.Change(plan, await db.Plans.OnOffer(wanted, ct), today), today, ct);

        db.Raise(subscription.AsNews);
        await db.SaveChangesAsync(ct);
        return subscription.ToContract();
    }
}
