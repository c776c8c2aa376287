using System.Text.Json;
using MedCor.Contracts;
using MedCor.Contracts.Billing;
using MedCor.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace MedCor.Billing.Invoices;

/// <summary>Represents an invoice or a credit note. It is immutable: the service's database role may insert an invoice, but not change it.</summary>
[NoPersonalData]
internal sealed class Invoice : Entity, ITenantOwned
{
    public required Guid HospitalId { get; init; }
    public required Guid SubscriptionId { get; init; }
    public required long Number { get; init; }
    public required InvoiceType Type { get; init; }
    public required DateOnly IssuedOn { get; init; }

    /// <summary>
    /// Gets the first day of the period that the invoice charges as a whole, which only one invoice may do; null for a charge or credit within a period.
    /// </summary>
    public DateOnly? PeriodStart { get; init; }
    public required long Total { get; init; }
    public required string Currency { get; init; }

    /// <summary>Gets the lines as one JSON document, because they are read and written as a whole.</summary>
    public required string Lines { get; init; }
    public Guid? CorrectsInvoiceId { get; init; }

    internal Contracts.Billing.Invoice ToContract() => new(
        Id: Id,
        HospitalId: HospitalId,
        SubscriptionId: SubscriptionId,
        Number: Number,
        Type: Type,
        Status: InvoiceStatus.Issued,
        IssuedOn: IssuedOn,
        Total: Money.Format(Total),
        Currency: Currency,
        Lines: [.. JsonSerializer.Deserialize<LineItem[]>(Lines, Json.Options)!.Select(l => l.ToContract())],
        CorrectsInvoiceId: CorrectsInvoiceId,
        Version: Version,
        CreatedAt: CreatedAt,
        UpdatedAt: UpdatedAt);

    internal sealed class Configuration : IEntityTypeConfiguration<Invoice>
    {
        public void Configure(EntityTypeBuilder<Invoice> invoice)
        {
            invoice.ToTable("invoices").HasKey(i => new { i.HospitalId, i.Id });
            invoice.Property(i => i.Lines).HasColumnType("jsonb");
        }
    }
}

/// <summary>Represents a line of an invoice. The amount is in minor units.</summary>
internal sealed record LineItem(InvoiceLineKind Kind, string Description, Guid PlanId, DateOnly PeriodStart, DateOnly PeriodEnd, long Amount)
{
    internal InvoiceLine ToContract() => new(Kind, Description, PlanId, PeriodStart, PeriodEnd, Money.Format(Amount));
}
