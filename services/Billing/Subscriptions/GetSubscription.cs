using MedCor.Contracts.Billing;
using MedCor.Platform.Tools;

namespace MedCor.Billing.Subscriptions;

internal sealed class GetSubscriptionHandler(SubscriptionResource subscriptions) : IToolHandler<GetSubscription, Contracts.Billing.Subscription>
{
    public Task<Contracts.Billing.Subscription> HandleAsync(GetSubscription request, CancellationToken ct) => subscriptions.GetAsync(request.SubscriptionId, ct);
}
