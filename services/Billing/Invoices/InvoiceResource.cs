using MedCor.Platform.Querying;
using MedCor.Platform.Resources;

namespace MedCor.Billing.Invoices;

internal sealed class InvoiceResource(BillingDb db) : QueryableResource<Invoice, Contracts.Billing.Invoice>(db)
{
    private static readonly QueryableFields<Invoice> QueryFields = new("-issued_on,-number", i => i.Id)
    {
        { "id", i => i.Id, Selectivity.High },
        { "hospital_id", i => i.HospitalId },
        { "subscription_id", i => i.SubscriptionId, Selectivity.High },
        { "number", i => i.Number },
        { "type", i => i.Type },
        { "issued_on", i => i.IssuedOn },
        { "currency", i => i.Currency },
        { "corrects_invoice_id", i => i.CorrectsInvoiceId },
        { "created_at", i => i.CreatedAt },
        { "updated_at", i => i.UpdatedAt },
    };

    protected override QueryableFields<Invoice> Fields => QueryFields;
    protected override string EntityName => "invoice";
    protected override IQueryable<Invoice> Rows => db.Invoices;
    protected override Contracts.Billing.Invoice ToContract(Invoice row) => row.ToContract();
}
