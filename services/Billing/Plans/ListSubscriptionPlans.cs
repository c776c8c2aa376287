using MedCor.Contracts;
using MedCor.Contracts.Billing;
using MedCor.ServiceDefaults.Tools;

namespace MedCor.Billing.Plans;

internal sealed class ListSubscriptionPlansHandler(VisiblePlans plans) : IHandle<ListSubscriptionPlans, Page<SubscriptionPlan>>
{
    public Task<Page<SubscriptionPlan>> Handle(ListSubscriptionPlans asked, CancellationToken ct) =>
        plans.Page(asked, list => list.Where("plan_type", asked.PlanType).Where("is_active", asked.IsActive), ct);
}
