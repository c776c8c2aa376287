using MedCor.Contracts;
using MedCor.Contracts.Billing;
using MedCor.ServiceDefaults.Lists;
using MedCor.ServiceDefaults.Tools;

namespace MedCor.Billing.Plans;

internal sealed class ListSubscriptionPlansHandler(BillingDb db) : IHandle<ListSubscriptionPlans, Page<SubscriptionPlan>>
{
    private static readonly SortFields<Plan> Sort = new SortFields<Plan>("price")
    {
        { "price", p => p.Monthly },
        { "name", p => p.Name },
        { "plan_type", p => p.PlanType },
        { "created_at", p => p.CreatedAt },
    }.Then(p => p.Id);

    public Task<Page<SubscriptionPlan>> Handle(ListSubscriptionPlans asked, CancellationToken ct)
    {
        var plans = db.Plans;
        if (asked.PlanType is { } type) plans = plans.Where(p => p.PlanType == type);
        if (asked.IsActive is { } active) plans = plans.Where(p => p.IsActive == active);
        return plans.Page(asked, Sort, p => p.ToContract(), ct);
    }
}
