using MedCor.Contracts;
using MedCor.Contracts.Billing;
using MedCor.ServiceDefaults.Problems;
using MedCor.ServiceDefaults.Tools;

namespace MedCor.Billing.Invoices;

internal sealed class ListInvoicesHandler(VisibleInvoices invoices) : IHandle<ListInvoices, Page<Contracts.Billing.Invoice>>
{
    public Task<Page<Contracts.Billing.Invoice>> Handle(ListInvoices asked, CancellationToken ct)
    {
        if (asked.DateFrom > asked.DateTo) throw new Invalid("date_to", "must not be before date_from");

        return invoices.Page(asked, list => list
            .Where("hospital_id", asked.HospitalId)
            .Where("subscription_id", asked.SubscriptionId)
            .Where("type", asked.Type)
            .From("issued_on", asked.DateFrom)
            .To("issued_on", asked.DateTo), ct);
    }
}
