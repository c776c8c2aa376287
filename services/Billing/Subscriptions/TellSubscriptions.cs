using MedCor.Contracts;
using MedCor.ServiceDefaults.History;

namespace MedCor.Billing.Subscriptions;

internal sealed class TellSubscriptions(BillingDb db) : ITellHistory
{
    public async IAsyncEnumerable<IntegrationEvent> Tell([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        await foreach (var subscription in Pages.ByKey(last => db.Subscriptions.Where(s => s.Id > last).OrderBy(s => s.Id), s => s.Id, ct))
            yield return subscription.AsNews();
    }
}
