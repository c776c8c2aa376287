using MedCor.Billing.Invoices;
using MedCor.Contracts.Billing;
using MedCor.ServiceDefaults.Tools;

namespace MedCor.Billing.Subscriptions;

internal sealed class CancelSubscriptionHandler(BillingDb db, Ledger ledger, RunningSubscriptions running) : IHandle<CancelSubscription, Contracts.Billing.Subscription>
{
    public async Task<Contracts.Billing.Subscription> Handle(CancelSubscription asked, CancellationToken ct)
    {
        var (subscription, plan, today) = await running.Get(asked.SubscriptionId, asked.ExpectedVersion, ct);

        if (asked.Immediate) await ledger.Issue(subscription, subscription.CancelNow(plan, today, asked.Reason), today, ct);
        else subscription.CancelLater(asked.Reason);

        db.Raise(subscription.AsNews);
        await db.SaveChangesAsync(ct);
        return subscription.ToContract();
    }
}
