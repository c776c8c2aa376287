using MedCor.Contracts.Billing;
using MedCor.ServiceDefaults.History;

namespace MedCor.Billing.Invoices;

internal sealed class TellInvoices(BillingDb db) : ITellHistory
{
    public Task<IReadOnlyList<Told>> Tell(RowKey after, CancellationToken ct) => db.Invoices.Where(i => i.Id > after.Id).OrderBy(i => i.Id).Page(
        i => new(default, i.Id), i => [new InvoiceIssued(i.ToContract())], ct);
}
