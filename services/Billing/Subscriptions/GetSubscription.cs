using MedCor.Contracts.Billing;
using MedCor.ServiceDefaults.Tools;

namespace MedCor.Billing.Subscriptions;

internal sealed class GetSubscriptionHandler(VisibleSubscriptions subscriptions) : IHandle<GetSubscription, Contracts.Billing.Subscription>
{
    public Task<Contracts.Billing.Subscription> Handle(GetSubscription asked, CancellationToken ct) => subscriptions.Get(asked.SubscriptionId, ct);
}
