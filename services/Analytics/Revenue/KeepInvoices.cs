using Microsoft.EntityFrameworkCore;

namespace MedCor.Analytics.Revenue;

/// <summary>Keeps what was invoiced. An issued invoice never changes, so the first telling is all there is.</summary>
internal sealed class KeepInvoices(AnalyticsDb db)
{
    internal Task Keep(Invoice invoice, CancellationToken ct) => db.Database.ExecuteSqlAsync($"""
        INSERT INTO invoices (hospital_id, id, issued_on, currency, total) VALUES ({invoice.HospitalId}, {invoice.Id}, {invoice.IssuedOn}, {invoice.Currency}, {invoice.Total})
        ON CONFLICT DO NOTHING
        """, ct);
}
