using MedCor.ServiceDefaults.History;

namespace MedCor.Billing.Subscriptions;

internal sealed class TellSubscriptions(BillingDb db) : ITellHistory
{
    public Task<IReadOnlyList<Told>> Tell(RowKey after, CancellationToken ct) => db.Subscriptions.Where(s => s.Id > after.Id).OrderBy(s => s.Id).Page(
        s => new(default, s.Id), s => [s.AsNews()], ct);
}
