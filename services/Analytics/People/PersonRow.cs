using MedCor.Contracts;
using MedCor.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace MedCor.Analytics.People;

/// <summary>Represents a user of a hospital, without a name.</summary>
[PersonalData(OnErasure.Keep, nameof(PersonRow.UserId), IsExported = false)]
internal sealed class PersonRow : ITenantOwned
{
    public Guid HospitalId { get; init; }
    public Guid UserId { get; init; }
    public Role Role { get; init; }
    public bool IsActive { get; init; }
    public DateTimeOffset RegisteredAt { get; init; }

    /// <summary>Gets the best estimate of when a doctor was active, until <see cref="PrimarySpecialty.ActivePeriods"/> is known.</summary>
    internal ActivePeriods EstimatedPeriods => new([new(RegisteredAt)]);

    internal sealed class Configuration : IEntityTypeConfiguration<PersonRow>
    {
        public void Configure(EntityTypeBuilder<PersonRow> person) => person.ToTable("people").HasKey(p => new { p.HospitalId, p.UserId });
    }
}

/// <summary>Represents the primary specialty of a doctor, and when the doctor was active.</summary>
[PersonalData(OnErasure.Keep, nameof(PrimarySpecialty.DoctorId), IsExported = false)]
internal sealed class PrimarySpecialty : ITenantOwned
{
    public Guid HospitalId { get; init; }
    public Guid DoctorId { get; init; }
    public Guid? SpecialtyId { get; init; }

    /// <summary>Gets the periods in which the doctor was active; null while they are unknown.</summary>
    public ActivePeriods? ActivePeriods { get; init; }

    internal sealed class Configuration : IEntityTypeConfiguration<PrimarySpecialty>
    {
        public void Configure(EntityTypeBuilder<PrimarySpecialty> practice) => practice.ToTable("practices").HasKey(p => new { p.HospitalId, p.DoctorId });
    }
}

[NoPersonalData(IsExported = false)]
internal sealed class SpecialtyRow
{
    public Guid Id { get; init; }
    public string Code { get; init; } = "";
    public string Name { get; init; } = "";

    internal sealed class Configuration : IEntityTypeConfiguration<SpecialtyRow>
    {
        public void Configure(EntityTypeBuilder<SpecialtyRow> specialty) => specialty.ToTable("specialties").HasKey(s => s.Id);
    }
}

/// <summary>Represents a schedule that was set for a doctor, as it was published. On any day, the highest version of those valid by then applies.</summary>
[PersonalData(OnErasure.Keep, nameof(ScheduleRow.DoctorId), IsExported = false)]
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
