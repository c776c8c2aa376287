using MedCor.Contracts;
using MedCor.Contracts.Billing;
using MedCor.Platform.Tools;

namespace MedCor.Billing.Plans;

internal sealed class ListSubscriptionPlansHandler(SubscriptionPlanResource plans) : IToolHandler<ListSubscriptionPlans, Page<SubscriptionPlan>>
{
    public Task<Page<SubscriptionPlan>> HandleAsync(ListSubscriptionPlans request, CancellationToken ct) =>
        plans.ReadPageAsync(request, list => list.Where("plan_type", request.PlanType).Where("is_active", request.IsActive), ct);
}
