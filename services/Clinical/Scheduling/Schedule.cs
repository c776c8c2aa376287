using System.Text.Json;
using MedCor.Contracts;
using MedCor.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace MedCor.Clinical.Scheduling;

/// <summary>Represents the timetable that was set for a doctor. It is read and replaced as a whole, so it is stored as one document.</summary>
[PersonalData(OnErasure.Keep, nameof(Schedule.DoctorId))]
internal sealed class Schedule : Entity, ITenantOwned
{
    public required Guid HospitalId { get; init; }
    public required Guid DoctorId { get; init; }
    public required Timetable Timetable { get; set; }

    /// <summary>Gets or sets the first day, on the hospital's clocks, on which the timetable is valid.</summary>
    public required DateOnly ValidFrom { get; set; }

    internal sealed class Configuration : IEntityTypeConfiguration<Schedule>
    {
        public void Configure(EntityTypeBuilder<Schedule> schedule) => schedule.ToTable("schedules").HasKey(s => new { s.HospitalId, s.DoctorId });
    }

    /// <summary>Creates a copy of the schedule as it is before it is replaced.</summary>
    internal FormerSchedule ToFormer() => new()
    {
        HospitalId = HospitalId, DoctorId = DoctorId, Version = Version, ValidFrom = ValidFrom, Timetable = Timetable,
        CreatedAt = CreatedAt, UpdatedAt = UpdatedAt,
    };

    internal sealed class TimetableConverter() : ValueConverter<Timetable, string>(
        timetable => JsonSerializer.Serialize(timetable, Json.Options),
        json => JsonSerializer.Deserialize<Timetable>(json, Json.Options)!);
}

/// <summary>
/// Represents a schedule that was valid for at least one day before another was set. On any day, the highest version of those valid by then applies.
/// </summary>
[PersonalData(OnErasure.Keep, nameof(FormerSchedule.DoctorId))]
internal sealed class FormerSchedule : ITenantOwned
{
    public required Guid HospitalId { get; init; }
    public required Guid DoctorId { get; init; }
    public required long Version { get; init; }
    public required DateOnly ValidFrom { get; init; }
    public required Timetable Timetable { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset UpdatedAt { get; init; }

    internal sealed class Configuration : IEntityTypeConfiguration<FormerSchedule>
    {
        public void Configure(EntityTypeBuilder<FormerSchedule> schedule) =>
            schedule.ToTable("former_schedules").HasKey(s => new { s.HospitalId, s.DoctorId, s.Version });
    }
}
