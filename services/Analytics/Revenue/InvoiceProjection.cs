using MedCor.Contracts;
using MedCor.Contracts.Billing;
using MedCor.Platform.Messaging;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Analytics.Revenue;

/// <summary>Stores issued invoices. An issued invoice never changes, so only its first event is stored.</summary>
internal sealed class InvoiceProjection(AnalyticsDb db) : IEventHandler<InvoiceIssued>
{
    public Task HandleAsync(InvoiceIssued integrationEvent, CancellationToken ct)
    {
        var invoice = integrationEvent.Invoice;
        return db.Database.ExecuteSqlAsync($"""
            INSERT INTO invoices (hospital_id, id, issued_on, currency, total)
            VALUES ({invoice.HospitalId}, {invoice.Id}, {invoice.IssuedOn}, {invoice.Currency}, {Money.ParseMinorUnits(invoice.Total)})
            ON CONFLICT DO NOTHING;
            INSERT INTO months (hospital_id, month) VALUES ({invoice.HospitalId}, date_trunc('month', {invoice.IssuedOn}::date)::date) ON CONFLICT DO NOTHING
            """, ct);
    }
}
