using MedCor.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace MedCor.Analytics.Appointments;

/// <summary>Represents a month for which there is something to report.</summary>
internal sealed class ReportMonth : ITenantOwned
{
    public Guid HospitalId { get; init; }
    public DateOnly Month { get; init; }

    internal sealed class Configuration : IEntityTypeConfiguration<ReportMonth>
    {
        public void Configure(EntityTypeBuilder<ReportMonth> month) => month.ToTable("months").HasKey(m => new { m.HospitalId, m.Month });
    }
}
