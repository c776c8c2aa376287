using MedCor.Billing.Plans;
using MedCor.Contracts.Billing;
using MedCor.Platform.Tools;

namespace MedCor.Billing.Subscriptions;

internal sealed class UpdateSubscriptionHandler(BillingDb db, Ledger ledger, ActiveSubscriptions activeSubscriptions)
    : IToolHandler<UpdateSubscription, Contracts.Billing.Subscription>
{
    public async Task<Contracts.Billing.Subscription> HandleAsync(UpdateSubscription request, CancellationToken ct)
    {
        var (subscription, plan, hospital, today) = await activeSubscriptions.GetForUpdateAsync(request.SubscriptionId, request.ExpectedVersion, ct);
        hospital.EnsureActive();

        if (request.AutoRenew is { } renews) subscription.SetAutoRenew(renews);
        if (request.PlanId is { } planId && planId != plan.Id)
            await ledger.IssueAsync(subscription, subscription.ChangePlan(plan, await db.Plans.GetAvailableAsync(planId, ct), today), today, ct);

        if (db.ChangeTracker.HasChanges()) db.Raise(subscription.ToEvent);
        await db.SaveChangesAsync(ct);
        return subscription.ToContract();
    }
}
