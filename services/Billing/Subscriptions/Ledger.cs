using System.Text.Json;
using MedCor.Billing.Invoices;
using MedCor.Contracts;
using MedCor.Contracts.Billing;
using MedCor.Platform.LocalCopies;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Billing.Subscriptions;

/// <summary>Issues invoices within the transaction that changes the subscription.</summary>
internal sealed class Ledger(BillingDb db)
{
    /// <summary>Processes everything that is due by today: charges one due period after the other, or ends the subscription.</summary>
    internal async Task ChargeDuePeriodsAsync(Subscription subscription, HospitalCopy hospital, DateOnly today, CancellationToken ct)
    {
        if (!subscription.IsDue(today)) return;
        var plan = await db.Plans.AsNoTracking().SingleAsync(p => p.Id == subscription.PlanId, ct);
        while (subscription.IsDue(today))
            if (subscription.Renew(plan, isHospitalActive: hospital.IsActive) is { } line) await IssueAsync(subscription, [line], today, ct);
    }

    /// <summary>Adds an invoice with the lines, or a credit note when their total is negative. Does nothing without lines.</summary>
    internal async Task IssueAsync(Subscription subscription, IReadOnlyList<LineItem> lines, DateOnly today, CancellationToken ct)
    {
        if (lines.Count == 0) return;
        var total = lines.Sum(l => l.Amount);
        var invoice = new Invoices.Invoice
        {
            HospitalId = subscription.HospitalId,
            SubscriptionId = subscription.Id,
            Number = await NextNumberAsync(subscription.HospitalId, ct),
            Type = total < 0 ? InvoiceType.CreditNote : InvoiceType.Invoice,
            IssuedOn = today,
            PeriodStart = lines is [{ Kind: InvoiceLineKind.Plan, PeriodStart: var start }] ? start : null,
            Total = total,
            Currency = subscription.Currency,
            Lines = JsonSerializer.Serialize(lines, Json.Options),
            CorrectsInvoiceId = lines.Any(l => l.Kind == InvoiceLineKind.Credit) ? subscription.ChargedBy : null,
        };
        db.Add(invoice);
        db.Raise(() => new InvoiceIssued(invoice.ToContract()));
        if (lines.Any(l => l.Kind != InvoiceLineKind.Credit)) subscription.SetChargingInvoice(invoice.Id);
    }

    /// <summary>
    /// Returns the next invoice number of a hospital. Other transactions that need a number of this hospital wait until this
    /// transaction ends; if it is rolled back, the next one gets this number.
    /// </summary>
    private async Task<long> NextNumberAsync(Guid hospital, CancellationToken ct) => (await db.Database.SqlQuery<long>($"""
        INSERT INTO invoice_numbers AS n (hospital_id, last) VALUES ({hospital}, 1)
        ON CONFLICT (hospital_id) DO UPDATE SET last = n.last + 1 RETURNING last AS "Value"
        """).ToListAsync(ct)).Single();
}
