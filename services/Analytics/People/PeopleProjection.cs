using System.Text.Json;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Contracts.Identity;
using MedCor.Platform.Messaging;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Analytics.People;

/// <summary>
/// Stores the newest versions of people, specialties, doctors' primary specialties and their schedules, regardless of the order in which events arrive.
/// </summary>
internal sealed class PeopleProjection(AnalyticsDb db)
    : IEventHandler<UserCreated>, IEventHandler<UserUpdated>, IEventHandler<UserDeactivated>, IEventHandler<DoctorUpdated>, IEventHandler<SpecialtyCreated>,
    IEventHandler<SpecialtyUpdated>, IEventHandler<DoctorScheduleSet>
{
    public Task HandleAsync(UserCreated integrationEvent, CancellationToken ct) => UpsertAsync(integrationEvent.User, ct);

    public Task HandleAsync(UserUpdated integrationEvent, CancellationToken ct) => UpsertAsync(integrationEvent.User, ct);

    public Task HandleAsync(UserDeactivated integrationEvent, CancellationToken ct) => UpsertAsync(integrationEvent.User, ct);

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

    private Task UpsertAsync(User user, CancellationToken ct) => user.HospitalId is not { } hospital ? Task.CompletedTask : db.Database.ExecuteSqlAsync($"""
        INSERT INTO people (hospital_id, user_id, role, is_active, registered_at, version)
        VALUES ({hospital}, {user.Id}, {user.Role.ToString().ToUpperInvariant()}, {user.IsActive}, {user.CreatedAt}, {user.Version})
        ON CONFLICT (hospital_id, user_id) DO UPDATE SET role = excluded.role, is_active = excluded.is_active, version = excluded.version
        WHERE people.version < excluded.version
        """, ct);

    private Task<int> UpsertAsync(Contracts.Identity.Specialty specialty, CancellationToken ct) => db.Database.ExecuteSqlAsync($"""
        INSERT INTO specialties (id, code, name, version) VALUES ({specialty.Id}, {specialty.Code}, {specialty.Name}, {specialty.Version})
        ON CONFLICT (id) DO UPDATE SET name = excluded.name, version = excluded.version WHERE specialties.version < excluded.version
        """, ct);
}
