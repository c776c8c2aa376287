using System.Text.Json;
using MedCor.Contracts;
using MedCor.Contracts.Billing;
using MedCor.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace MedCor.Billing.Invoices;

/// <summary>An invoice or a credit note. Nothing of it is ever set again: the service's role may insert it, not change it.</summary>
internal sealed class Invoice : Entity, ITenantOwned
{
    public required Guid HospitalId { get; init; }
    public required Guid SubscriptionId { get; init; }
    public required long Number { get; init; }
    public required InvoiceType Type { get; init; }
    public required DateOnly IssuedOn { get; init; }

    /// <summary>The first day of the period that it charges as a whole, which only one may; none for what is charged or credited within a period.</summary>
    public DateOnly? PeriodStart { get; init; }
    public required long Total { get; init; }
    public required string Currency { get; init; }

    /// <summary>Read and written as a whole, so they are one document.</summary>
    public required string Lines { get; init; }
    public Guid? CorrectsInvoiceId { get; init; }

    internal Contracts.Billing.Invoice ToContract() => new(
        Id, HospitalId, SubscriptionId, Number, Type, InvoiceStatus.Issued, IssuedOn, Money.Format(Total), Currency,
        [.. JsonSerializer.Deserialize<LineItem[]>(Lines, Json.Options)!.Select(l => l.ToContract())], CorrectsInvoiceId, Version, CreatedAt, UpdatedAt);

    internal sealed class Configuration : IEntityTypeConfiguration<Invoice>
    {
        public void Configure(EntityTypeBuilder<Invoice> invoice)
        {
            invoice.ToTable("invoices").HasKey(i => new { i.HospitalId, i.Id });
            invoice.Property(i => i.Lines).HasColumnType("jsonb");
        }
    }
}

/// <summary>A line of an invoice, its amount in minor units.</summary>
internal sealed record LineItem(InvoiceLineKind Kind, string Description, Guid PlanId, DateOnly PeriodStart, DateOnly PeriodEnd, long Amount)
{
    internal InvoiceLine ToContract() => new(Kind, Description, PlanId, PeriodStart, PeriodEnd, Money.Format(Amount));
}
