using MedCor.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace MedCor.Analytics.People;

/// <summary>Represents a schedule that was set for a doctor, as it was published. On any day, the highest version of those valid by then applies.</summary>
internal sealed class ScheduleRow : ITenantOwned
{
    public Guid HospitalId { get; init; }
    public Guid DoctorId { get; init; }
    public DateOnly ValidFrom { get; init; }
    public string Schedule { get; init; } = "";
    public long Version { get; init; }

    internal sealed class Configuration : IEntityTypeConfiguration<ScheduleRow>
    {
        public void Configure(EntityTypeBuilder<ScheduleRow> schedule)
        {
            schedule.ToTable("schedule_versions").HasKey(s => new { s.HospitalId, s.DoctorId, s.ValidFrom });
            schedule.Property(s => s.Schedule).HasColumnType("jsonb");
        }
    }
}
