using MedCor.Contracts;
using MedCor.Contracts.Billing;
using MedCor.ServiceDefaults.Problems;
using MedCor.ServiceDefaults.Tools;

namespace MedCor.Billing.Invoices;

internal sealed class ListInvoicesHandler(InvoiceResource invoices) : IToolHandler<ListInvoices, Page<Contracts.Billing.Invoice>>
{
    public Task<Page<Contracts.Billing.Invoice>> HandleAsync(ListInvoices request, CancellationToken ct)
    {
        if (request.DateFrom > request.DateTo) throw new ValidationFailed("date_to", "must not be before date_from");

        return invoices.ReadPageAsync(request, list => list
            .Where("hospital_id", request.HospitalId)
            .Where("subscription_id", request.SubscriptionId)
            .Where("type", request.Type)
            .From("issued_on", request.DateFrom)
            .To("issued_on", request.DateTo), ct);
    }
}
