using MedCor.Contracts.Billing;
using MedCor.Platform.Database;
using MedCor.Platform.Querying;
using MedCor.Platform.Resources;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Billing.Plans;

internal sealed class SubscriptionPlanResource(BillingDb db) : QueryableResource<Plan, SubscriptionPlan>(db)
{
    private static readonly QueryableFields<Plan> QueryFields = new("price", p => p.Id)
    {
        { "id", p => p.Id, Selectivity.High },
        { "price", p => p.Monthly },
        { "name", p => EF.Functions.Collate(p.Name, TextFunctions.NameCollation) },
        { "plan_type", p => p.PlanType },
        { "currency", p => p.Currency },
        { "max_doctors", p => p.MaxDoctors },
        { "max_patients", p => p.MaxPatients },
        { "is_active", p => p.IsActive },
        { "created_at", p => p.CreatedAt },
        { "updated_at", p => p.UpdatedAt },
    };

    protected override QueryableFields<Plan> Fields => QueryFields;
    protected override string EntityName => "plan";
    protected override IQueryable<Plan> Rows => db.Plans;
    protected override SubscriptionPlan ToContract(Plan row) => row.ToContract();
}
