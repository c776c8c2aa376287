using MedCor.Contracts;
using MedCor.Contracts.Billing;
using MedCor.Platform.Tools;

namespace MedCor.Billing.Subscriptions;

internal sealed class ListSubscriptionsHandler(SubscriptionResource subscriptions) : IToolHandler<ListSubscriptions, Page<Contracts.Billing.Subscription>>
{
    public Task<Page<Contracts.Billing.Subscription>> HandleAsync(ListSubscriptions request, CancellationToken ct) =>
        subscriptions.ReadPageAsync(request, list => list
            .Where("hospital_id", request.HospitalId)
            .Where("plan_id", request.PlanId)
            .Where("status", request.Status), ct);
}
