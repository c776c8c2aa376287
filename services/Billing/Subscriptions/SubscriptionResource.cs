using MedCor.Platform.Querying;
using MedCor.Platform.Resources;

namespace MedCor.Billing.Subscriptions;

internal sealed class SubscriptionResource(BillingDb db) : QueryableResource<Subscription, Contracts.Billing.Subscription>(db)
{
    private static readonly QueryableFields<Subscription> QueryFields = new("-start_date", s => s.Id)
    {
        { "id", s => s.Id, Selectivity.High },
        { "hospital_id", s => s.HospitalId },
        { "plan_id", s => s.PlanId },
        { "start_date", s => s.StartDate },
        { "billing_cycle", s => s.BillingCycle },
        { "status", s => s.Status },
        { "auto_renew", s => s.AutoRenew },
        { "created_at", s => s.CreatedAt },
        { "updated_at", s => s.UpdatedAt },
    };

    protected override QueryableFields<Subscription> Fields => QueryFields;
    protected override string EntityName => "subscription";
    protected override IQueryable<Subscription> Rows => db.Subscriptions;
    protected override Contracts.Billing.Subscription ToContract(Subscription row) => row.ToContract();
}
