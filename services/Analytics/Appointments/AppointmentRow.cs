using MedCor.Contracts.Clinical;
using MedCor.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace MedCor.Analytics.Appointments;

/// <summary>
/// Represents an appointment at the newest version that was received. Read to count distinct patients; everything else is counted in <see cref="DoctorDay"/>.
/// </summary>
[PersonalData(OnErasure.Keep, nameof(AppointmentRow.PatientId), IsExported = false)]
internal sealed class AppointmentRow : ITenantOwned
{
    public Guid HospitalId { get; init; }
    public Guid AppointmentId { get; init; }
    public Guid DoctorId { get; init; }
    public Guid PatientId { get; init; }
    public AppointmentStatus Status { get; init; }
    public DateOnly Day { get; init; }

    internal sealed class Configuration : IEntityTypeConfiguration<AppointmentRow>
    {
        public void Configure(EntityTypeBuilder<AppointmentRow> visit) => visit.ToTable("visits").HasKey(v => new { v.HospitalId, v.AppointmentId });
    }
}

/// <summary>Represents the counters of a doctor's day, which the database updates when appointments change.</summary>
[PersonalData(OnErasure.Keep, nameof(DoctorDay.DoctorId), IsExported = false)]
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

/// <summary>Represents a month for which there is something to report.</summary>
[NoPersonalData(IsExported = false)]
internal sealed class ReportMonth : ITenantOwned
{
    public Guid HospitalId { get; init; }
    public DateOnly Month { get; init; }

    internal sealed class Configuration : IEntityTypeConfiguration<ReportMonth>
    {
        public void Configure(EntityTypeBuilder<ReportMonth> month) => month.ToTable("months").HasKey(m => new { m.HospitalId, m.Month });
    }
}
