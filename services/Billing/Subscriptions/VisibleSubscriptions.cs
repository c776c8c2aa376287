using MedCor.ServiceDefaults.Lists;
using MedCor.ServiceDefaults.Resources;

namespace MedCor.Billing.Subscriptions;

internal sealed class VisibleSubscriptions(BillingDb db) : Resource<Subscription, Contracts.Billing.Subscription>(db)
{
    private static readonly Fields<Subscription> All = new("-start_date", s => s.Id)
    {
        { "id", s => s.Id, Selects.Few },
        { "hospital_id", s => s.HospitalId },
        { "plan_id", s => s.PlanId },
        { "start_date", s => s.StartDate },
        { "billing_cycle", s => s.BillingCycle },
        { "status", s => s.Status },
        { "auto_renew", s => s.AutoRenew },
        { "created_at", s => s.CreatedAt },
        { "updated_at", s => s.UpdatedAt },
    };

    protected override Fields<Subscription> Fields => All;
    protected override string Thing => "subscription";
    protected override IQueryable<Subscription> Rows => db.Subscriptions;
    protected override Contracts.Billing.Subscription Show(Subscription row) => row.ToContract();
}
