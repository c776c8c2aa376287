using MedCor.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace MedCor.Analytics.Appointments;

/// <summary>Represents the counters of a doctor's day, which the database updates when appointments change.</summary>
internal sealed class DoctorDay : ITenantOwned
{
    public Guid HospitalId { get; init; }
    public Guid DoctorId { get; init; }
    public DateOnly Day { get; init; }
    public int Scheduled { get; init; }
    public int InProgress { get; init; }
    public int Completed { get; init; }
    public int Cancelled { get; init; }
    public int NoShows { get; init; }
    public int BookedMinutes { get; init; }
    public long WaitSeconds { get; init; }
    public int Ratings { get; init; }
    public int RatingSum { get; init; }

    internal sealed class Configuration : IEntityTypeConfiguration<DoctorDay>
    {
        public void Configure(EntityTypeBuilder<DoctorDay> day) => day.ToTable("doctor_days").HasKey(d => new { d.HospitalId, d.DoctorId, d.Day });
    }
}
