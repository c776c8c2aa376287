using MedCor.Contracts;
using MedCor.Contracts.Billing;
using MedCor.ServiceDefaults.Tools;

namespace MedCor.Billing.Subscriptions;

internal sealed class ListSubscriptionsHandler(VisibleSubscriptions subscriptions) : IHandle<ListSubscriptions, Page<Contracts.Billing.Subscription>>
{
    public Task<Page<Contracts.Billing.Subscription>> Handle(ListSubscriptions asked, CancellationToken ct) => subscriptions.Page(asked, list => list
        .Where("hospital_id", asked.HospitalId)
        .Where("plan_id", asked.PlanId)
        .Where("status", asked.Status), ct);
}
