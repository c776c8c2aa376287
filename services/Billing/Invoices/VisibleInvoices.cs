using MedCor.ServiceDefaults.Lists;
using MedCor.ServiceDefaults.Resources;

namespace MedCor.Billing.Invoices;

internal sealed class VisibleInvoices(BillingDb db) : Resource<Invoice, Contracts.Billing.Invoice>(db)
{
    private static readonly Fields<Invoice> All = new("-issued_on,-number", i => i.Id)
    {
        { "id", i => i.Id, Selects.Few },
        { "hospital_id", i => i.HospitalId },
        { "subscription_id", i => i.SubscriptionId, Selects.Few },
        { "number", i => i.Number },
        { "type", i => i.Type },
        { "issued_on", i => i.IssuedOn },
        { "currency", i => i.Currency },
        { "corrects_invoice_id", i => i.CorrectsInvoiceId },
        { "created_at", i => i.CreatedAt },
        { "updated_at", i => i.UpdatedAt },
    };

    protected override Fields<Invoice> Fields => All;
    protected override string Thing => "invoice";
    protected override IQueryable<Invoice> Rows => db.Invoices;
    protected override Contracts.Billing.Invoice Show(Invoice row) => row.ToContract();
}
