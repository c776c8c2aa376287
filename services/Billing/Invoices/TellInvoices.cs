using MedCor.Contracts;
using MedCor.Contracts.Billing;
using MedCor.ServiceDefaults.History;

namespace MedCor.Billing.Invoices;

internal sealed class TellInvoices(BillingDb db) : ITellHistory
{
    public async IAsyncEnumerable<IntegrationEvent> Tell([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        await foreach (var invoice in Pages.ByKey(last => db.Invoices.Where(i => i.Id > last).OrderBy(i => i.Id), i => i.Id, ct))
            yield return new InvoiceIssued(invoice.ToContract());
    }
}
