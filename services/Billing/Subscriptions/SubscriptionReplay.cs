using MedCor.Platform.Replay;

namespace MedCor.Billing.Subscriptions;

internal sealed class SubscriptionReplay(BillingDb db) : IReplaySource
{
    public Task<IReadOnlyList<ReplayItem>> ReadPageAsync(RowKey after, CancellationToken ct) =>
        db.Subscriptions.Where(s => s.Id > after.Id).OrderBy(s => s.Id).ToReplayPageAsync(
            s => new(default, s.Id), s => [s.ToEvent()], ct);
}
