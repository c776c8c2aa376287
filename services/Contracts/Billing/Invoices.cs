namespace MedCor.Contracts.Billing;

/// <summary>Whether something is owed or given back.</summary>
public enum InvoiceType { Invoice, CreditNote }

/// <summary>Where an invoice stands: there are no drafts, and payments are not kept here.</summary>
public enum InvoiceStatus { Issued }

/// <summary>What a line is for: a whole period, what is left of one on another plan, or days that were paid for and are not used.</summary>
public enum InvoiceLineKind { Plan, Proration, Credit }

/// <summary>A line of an invoice.</summary>
/// <param name="PeriodStart">The first day that it is about.</param>
/// <param name="PeriodEnd">The first day that it is no longer about.</param>
/// <param name="Amount">Decimal; negative for a credit.</param>
public sealed record InvoiceLine(InvoiceLineKind Kind, string Description, Guid PlanId, DateOnly PeriodStart, DateOnly PeriodEnd, string Amount);

/// <summary>What a hospital owes, or with a credit note gets back. Once issued it never changes.</summary>
/// <param name="Number">Counts the hospital's invoices and credit notes from 1, without a gap.</param>
/// <param name="IssuedOn">By the clocks of the hospital.</param>
/// <param name="Total">The sum of the lines, a decimal amount; negative on a credit note.</param>
/// <param name="Currency">ISO 4217.</param>
/// <param name="CorrectsInvoiceId">The invoice that charged what this one credits.</param>
[Resource("invoices", Callers.Admins)]
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
/// <param name="HospitalId">Only those of this hospital.</param>
/// <param name="SubscriptionId">Only those of this subscription.</param>
/// <param name="DateFrom">Issued on this day or later.</param>
/// <param name="DateTo">Issued on this day or earlier.</param>
[Tool("list_invoices", Effect.Read, Callers.Admins)]
public sealed record ListInvoices(
    Guid? HospitalId = null,
    Guid? SubscriptionId = null,
    InvoiceType? Type = null,
    DateOnly? DateFrom = null,
    DateOnly? DateTo = null) : PagedTool<Invoice>;

/// <summary>An invoice or a credit note was issued.</summary>
public sealed record InvoiceIssued(Invoice Invoice) : IntegrationEvent(Invoice.HospitalId, Invoice.Version)
{
    public override LiveUpdate LiveUpdate => new("invoices", Change.Created, Invoice, new(Callers.Admins));
}
