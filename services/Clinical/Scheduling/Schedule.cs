using System.Text.Json;
using MedCor.Contracts;
using MedCor.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace MedCor.Clinical.Scheduling;

/// <summary>The timetable that somebody set for a doctor. It is read and replaced as a whole, so it is one document.</summary>
internal sealed class Schedule : Entity, ITenantOwned
{
    public required Guid HospitalId { get; init; }
    public required Guid DoctorId { get; init; }
    public required Timetable Timetable { get; set; }

    /// <summary>The day, by the hospital's clocks, from which it holds.</summary>
    public required DateOnly ValidFrom { get; set; }

    internal sealed class Configuration : IEntityTypeConfiguration<Schedule>
    {
        public void Configure(EntityTypeBuilder<Schedule> schedule) => schedule.ToTable("schedules").HasKey(s => new { s.HospitalId, s.DoctorId });
    }

    /// <summary>How it is until it is set anew.</summary>
    internal FormerSchedule ToFormer() => new()
    {
        HospitalId = HospitalId, DoctorId = DoctorId, Version = Version, ValidFrom = ValidFrom, Timetable = Timetable, CreatedAt = CreatedAt, UpdatedAt = UpdatedAt,
    };

    internal sealed class TimetableConverter() : ValueConverter<Timetable, string>(
        timetable => JsonSerializer.Serialize(timetable, Json.Options),
        json => JsonSerializer.Deserialize<Timetable>(json, Json.Options)!);
}

/// <summary>A schedule that held for a day at least before another was set: on a day holds the highest version of those that are valid by then.</summary>
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
        public void Configure(EntityTypeBuilder<FormerSchedule> former) => former.ToTable("former_schedules").HasKey(s => new { s.HospitalId, s.DoctorId, s.Version });
    }
}
