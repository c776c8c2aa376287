using MedCor.Contracts.Billing;
using MedCor.Platform.Replay;

namespace MedCor.Billing.Invoices;

internal sealed class InvoiceReplay(BillingDb db) : IReplaySource
{
    public Task<IReadOnlyList<ReplayItem>> ReadPageAsync(RowKey after, CancellationToken ct) =>
        db.Invoices.Where(i => i.Id > after.Id).OrderBy(i => i.Id).ToReplayPageAsync(
            i => new(default, i.Id), i => [new InvoiceIssued(i.ToContract())], ct);
}
