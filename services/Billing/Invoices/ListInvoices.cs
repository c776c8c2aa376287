using MedCor.Contracts;
using MedCor.Contracts.Billing;
using MedCor.ServiceDefaults.Lists;
using MedCor.ServiceDefaults.Problems;
using MedCor.ServiceDefaults.Tools;

namespace MedCor.Billing.Invoices;

internal sealed class ListInvoicesHandler(BillingDb db) : IHandle<ListInvoices, Page<Contracts.Billing.Invoice>>
{
    private static readonly SortFields<Invoice> Sort = new SortFields<Invoice>("-issued_on,-number")
    {
        { "issued_on", i => i.IssuedOn },
        { "number", i => i.Number },
        { "total", i => i.Total },
        { "created_at", i => i.CreatedAt },
    }.Then(i => i.Id);

    public Task<Page<Contracts.Billing.Invoice>> Handle(ListInvoices asked, CancellationToken ct)
    {
        if (asked.DateFrom > asked.DateTo) throw new Invalid("date_to", "must not be before date_from");

        var invoices = db.Invoices;
        if (asked.HospitalId is { } hospital) invoices = invoices.Where(i => i.HospitalId == hospital);
        if (asked.SubscriptionId is { } subscription) invoices = invoices.Where(i => i.SubscriptionId == subscription);
        if (asked.Type is { } type) invoices = invoices.Where(i => i.Type == type);
        if (asked.DateFrom is { } from) invoices = invoices.Where(i => i.IssuedOn >= from);
        if (asked.DateTo is { } to) invoices = invoices.Where(i => i.IssuedOn <= to);
        return invoices.Page(asked, Sort, i => i.ToContract(), ct);
    }
}
