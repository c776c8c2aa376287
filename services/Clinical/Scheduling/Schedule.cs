using System.Text.Json;
using MedCor.Contracts;
using MedCor.ServiceDefaults.Tenancy;
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

    internal sealed class Configuration : IEntityTypeConfiguration<Schedule>
    {
        public void Configure(EntityTypeBuilder<Schedule> schedule) => schedule.ToTable("schedules").HasKey(s => new { s.HospitalId, s.DoctorId });
    }

    internal sealed class TimetableConverter() : ValueConverter<Timetable, string>(
        timetable => JsonSerializer.Serialize(timetable, Json.Options),
        json => JsonSerializer.Deserialize<Timetable>(json, Json.Options)!);
}
