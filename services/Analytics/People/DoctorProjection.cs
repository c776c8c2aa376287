using System.Text.Json;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Contracts.Identity;
using MedCor.Platform.Messaging;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Analytics.People;

/// <summary>
/// Stores the newest versions of specialties, doctors' primary specialties and their schedules, regardless of the order in which events arrive.
/// </summary>
internal sealed class DoctorProjection(AnalyticsDb db)
    : IEventHandler<DoctorUpdated>, IEventHandler<SpecialtyCreated>, IEventHandler<SpecialtyUpdated>, IEventHandler<DoctorScheduleSet>
{
    public Task HandleAsync(SpecialtyCreated integrationEvent, CancellationToken ct) => UpsertAsync(integrationEvent.Specialty, ct);

    public Task HandleAsync(SpecialtyUpdated integrationEvent, CancellationToken ct) => UpsertAsync(integrationEvent.Specialty, ct);

    public Task HandleAsync(DoctorUpdated integrationEvent, CancellationToken ct)
    {
        var doctor = integrationEvent.Doctor;
        var main = doctor.Specialties.OrderByDescending(s => s.IsPrimary).ThenBy(s => s.SpecialtyId).FirstOrDefault()?.SpecialtyId;
        var periods = integrationEvent.ActivePeriods is { } activePeriods ? JsonSerializer.Serialize(activePeriods, Json.Options) : null;
        return db.Database.ExecuteSqlAsync($"""
            INSERT INTO practices (hospital_id, doctor_id, specialty_id, active_periods, version)
            VALUES ({doctor.HospitalId}, {doctor.Id}, {main}, {periods}::jsonb, {doctor.Version})
            ON CONFLICT (hospital_id, doctor_id) DO UPDATE SET specialty_id = excluded.specialty_id,
                active_periods = coalesce(excluded.active_periods, practices.active_periods), version = excluded.version
            WHERE practices.version < excluded.version
            """, ct);
    }

    public Task HandleAsync(DoctorScheduleSet integrationEvent, CancellationToken ct)
    {
        var schedule = integrationEvent.Schedule;
        var validFrom = integrationEvent.ValidFrom ?? DateOnly.FromDateTime(
            TimeZoneInfo.ConvertTime(schedule.UpdatedAt ?? integrationEvent.OccurredAt, TimeZoneInfo.FindSystemTimeZoneById(schedule.TimeZone)).DateTime);
        return db.Database.ExecuteSqlAsync($"""
            INSERT INTO schedule_versions (hospital_id, doctor_id, valid_from, schedule, version)
            VALUES ({schedule.HospitalId}, {schedule.DoctorId}, {validFrom}, {JsonSerializer.Serialize(schedule, Json.Options)}::jsonb, {schedule.Version})
            ON CONFLICT (hospital_id, doctor_id, valid_from) DO UPDATE SET schedule = excluded.schedule, version = excluded.version
            WHERE schedule_versions.version < excluded.version
            """, ct);
    }

    private Task<int> UpsertAsync(Contracts.Identity.Specialty specialty, CancellationToken ct) => db.Database.ExecuteSqlAsync($"""
        INSERT INTO specialties (id, code, name, version) VALUES ({specialty.Id}, {specialty.Code}, {specialty.Name}, {specialty.Version})
        ON CONFLICT (id) DO UPDATE SET name = excluded.name, version = excluded.version WHERE specialties.version < excluded.version
        """, ct);
}
