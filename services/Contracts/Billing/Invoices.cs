using MedCor.Contracts.Clinical;

namespace MedCor.Contracts.Billing;

/// <summary>Specifies whether a document charges an amount or credits one.</summary>
public enum InvoiceType { Invoice, CreditNote }

/// <summary>Specifies the status of an invoice. There are no drafts, and payments are not recorded here.</summary>
public enum InvoiceStatus { Issued }

/// <summary>Specifies what an invoice line is for: a whole period, the rest of a period on another plan, or paid days that are not used.</summary>
public enum InvoiceLineKind { Plan, Proration, Credit }

/// <summary>Represents a line of an invoice.</summary>
/// <param name="Description"><example>"Professional, March 2026"</example></param>
/// <param name="PlanId"><example>"01980000-0000-7000-9000-000000000002"</example></param>
/// <param name="PeriodStart">The first day that the line covers. <example>"2026-03-01"</example></param>
/// <param name="PeriodEnd">The first day that the line no longer covers (exclusive end). <example>"2026-04-01"</example></param>
/// <param name="Amount">The amount, as a decimal; negative for a credit. <example>"149.00"</example></param>
public sealed record InvoiceLine(InvoiceLineKind Kind, string Description, Guid PlanId, DateOnly PeriodStart, DateOnly PeriodEnd, string Amount);

/// <summary>Represents an invoice of a hospital, or a credit note. It never changes after it is issued.</summary>
/// <param name="Number">The number within the hospital's invoices and credit notes, counted from 1 without gaps.</param>
/// <param name="IssuedOn">The date of issue, in the hospital's time zone. <example>"2026-03-01"</example></param>
/// <param name="Total">The sum of the lines, as a decimal amount; negative on a credit note. <example>"149.00"</example></param>
/// <param name="Currency">The ISO 4217 currency code. <example>"EUR"</example></param>
/// <param name="CorrectsInvoiceId">The ID of the invoice that charged what this credit note credits.</param>
[Resource("invoices", Callers.Admins)]
[Audited(AuditKind.Administration)]
public sealed record Invoice(
    Guid Id,
    Guid HospitalId,
    Guid SubscriptionId,
    long Number,
    InvoiceType Type,
    InvoiceStatus Status,
    DateOnly IssuedOn,
    string Total,
    string Currency,
    IReadOnlyList<InvoiceLine> Lines,
    Guid? CorrectsInvoiceId,
    long Version,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt);

/// <summary>Lists invoices and credit notes, the latest first.</summary>
/// <param name="HospitalId">The ID of the hospital whose invoices are listed.</param>
/// <param name="SubscriptionId">The ID of the subscription whose invoices are listed.</param>
/// <param name="Type">The type of the documents that are listed.</param>
/// <param name="DateFrom">The first date of issue. <example>"2026-01-01"</example></param>
/// <param name="DateTo">The last date of issue, inclusive. <example>"2027-12-31"</example></param>
[Tool("list_invoices", Effect.Read, Callers.Admins)]
public sealed record ListInvoices(
    Guid? HospitalId = null,
    Guid? SubscriptionId = null,
    InvoiceType? Type = null,
    DateOnly? DateFrom = null,
    DateOnly? DateTo = null) : PagedTool<Invoice>;

/// <summary>Represents the event that an invoice or a credit note was issued.</summary>
[LiveResource("invoices")]
public sealed record InvoiceIssued(Invoice Invoice) : IntegrationEvent(Invoice.HospitalId, Invoice.Version)
{
    public override LiveUpdate LiveUpdate => new(Change.Created, Invoice, new(Callers.Admins));
}
