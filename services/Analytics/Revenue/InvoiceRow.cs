using MedCor.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace MedCor.Analytics.Revenue;

/// <summary>Represents an invoice of a hospital, in minor currency units.</summary>
[NoPersonalData(IsExported = false)]
internal sealed class InvoiceRow : ITenantOwned
{
    public Guid HospitalId { get; init; }
    public Guid Id { get; init; }
    public DateOnly IssuedOn { get; init; }
    public string Currency { get; init; } = "";
    public long Total { get; init; }

    internal sealed class Configuration : IEntityTypeConfiguration<InvoiceRow>
    {
        public void Configure(EntityTypeBuilder<InvoiceRow> invoice) => invoice.ToTable("invoices").HasKey(i => new { i.HospitalId, i.Id });
    }
}
