using MedCor.Contracts.Billing;
using MedCor.ServiceDefaults.Problems;
using MedCor.ServiceDefaults.Tools;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Billing.Subscriptions;

internal sealed class GetSubscriptionHandler(BillingDb db) : IHandle<GetSubscription, Contracts.Billing.Subscription>
{
    public async Task<Contracts.Billing.Subscription> Handle(GetSubscription asked, CancellationToken ct) =>
        (await db.Subscriptions.AsNoTracking().SingleOrDefaultAsync(s => s.Id == asked.SubscriptionId, ct) ?? throw new Missing("subscription")).ToContract();
}
