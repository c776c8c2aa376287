using MedCor.Contracts;
using MedCor.Contracts.Billing;
using MedCor.ServiceDefaults.Lists;
using MedCor.ServiceDefaults.Tools;

namespace MedCor.Billing.Subscriptions;

internal sealed class ListSubscriptionsHandler(BillingDb db) : IHandle<ListSubscriptions, Page<Contracts.Billing.Subscription>>
{
    private static readonly SortFields<Subscription> Sort = new SortFields<Subscription>("-start_date")
    {
        { "start_date", s => s.StartDate },
        { "status", s => s.Status },
        { "created_at", s => s.CreatedAt },
        { "updated_at", s => s.UpdatedAt },
    }.Then(s => s.Id);

    public Task<Page<Contracts.Billing.Subscription>> Handle(ListSubscriptions asked, CancellationToken ct)
    {
        var subscriptions = db.Subscriptions;
        if (asked.HospitalId is { } hospital) subscriptions = subscriptions.Where(s => s.HospitalId == hospital);
        if (asked.PlanId is { } plan) subscriptions = subscriptions.Where(s => s.PlanId == plan);
        if (asked.Status is { } status) subscriptions = subscriptions.Where(s => s.Status == status);
        return subscriptions.Page(asked, Sort, s => s.ToContract(), ct);
    }
}
