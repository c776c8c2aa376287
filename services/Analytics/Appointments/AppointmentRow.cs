using MedCor.Contracts.Clinical;
using MedCor.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace MedCor.Analytics.Appointments;

/// <summary>
/// Represents an appointment at the newest version that was received. Read to count distinct patients; everything else is counted in <see cref="DoctorDay"/>.
/// </summary>
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
