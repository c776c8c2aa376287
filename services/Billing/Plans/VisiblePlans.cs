using MedCor.Contracts.Billing;
using MedCor.ServiceDefaults.Lists;
using MedCor.ServiceDefaults.Resources;

namespace MedCor.Billing.Plans;

internal sealed class VisiblePlans(BillingDb db) : Resource<Plan, SubscriptionPlan>(db)
{
    private static readonly Fields<Plan> All = new("price", p => p.Id)
    {
        { "id", p => p.Id, Selects.Few },
        { "price", p => p.Monthly },
        { "name", p => p.Name },
        { "plan_type", p => p.PlanType },
        { "currency", p => p.Currency },
        { "max_doctors", p => p.MaxDoctors },
        { "max_patients", p => p.MaxPatients },
        { "is_active", p => p.IsActive },
        { "created_at", p => p.CreatedAt },
        { "updated_at", p => p.UpdatedAt },
    };

    protected override Fields<Plan> Fields => All;
    protected override string Thing => "plan";
    protected override IQueryable<Plan> Rows => db.Plans;
    protected override SubscriptionPlan Show(Plan row) => row.ToContract();
}
