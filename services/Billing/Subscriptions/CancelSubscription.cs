using MedCor.Contracts.Billing;
using MedCor.Platform.Tools;

namespace MedCor.Billing.Subscriptions;

internal sealed class CancelSubscriptionHandler(BillingDb db, Ledger ledger, ActiveSubscriptions activeSubscriptions)
    : IToolHandler<CancelSubscription, Contracts.Billing.Subscription>
{
    public async Task<Contracts.Billing.Subscription> HandleAsync(CancelSubscription request, CancellationToken ct)
    {
        var (subscription, plan, _, today) = await activeSubscriptions.GetForUpdateAsync(request.SubscriptionId, request.ExpectedVersion, ct);

        if (request.Immediate) await ledger.IssueAsync(subscription, subscription.CancelImmediately(plan, today, request.Reason), today, ct);
        else subscription.CancelAtEndOfPeriod(request.Reason);

        if (db.ChangeTracker.HasChanges()) db.Raise(subscription.ToEvent);
        await db.SaveChangesAsync(ct);
        return subscription.ToContract();
    }
}
