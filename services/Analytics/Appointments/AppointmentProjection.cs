using System.Text.Json;
using MedCor.Contracts.Clinical;
using MedCor.Platform.Messaging;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Analytics.Appointments;

/// <summary>Stores the newest version of each appointment, regardless of the order in which events arrive.</summary>
internal sealed class AppointmentProjection(AnalyticsDb db) : IEventHandler<AppointmentCreated>, IEventHandler<AppointmentUpdated>
{
    public Task HandleAsync(AppointmentCreated integrationEvent, CancellationToken ct) => UpsertAsync(integrationEvent.Appointment, ct);

    public Task HandleAsync(AppointmentUpdated integrationEvent, CancellationToken ct) => UpsertAsync(integrationEvent.Appointment, ct);

    private Task<int> UpsertAsync(Appointment appointment, CancellationToken ct) => db.Database.ExecuteSqlAsync($"""
        INSERT INTO visits (hospital_id, appointment_id, doctor_id, patient_id, status, day, starts_at, ends_at, booked_at, rating, version)
        VALUES ({appointment.HospitalId}, {appointment.Id}, {appointment.DoctorId}, {appointment.PatientId},
                {JsonNamingPolicy.SnakeCaseUpper.ConvertName(appointment.Status.ToString())},
                {appointment.AppointmentDate}, {appointment.StartsAt}, {appointment.EndsAt}, {appointment.CreatedAt},
                {appointment.Rating}, {appointment.Version})
        ON CONFLICT (hospital_id, appointment_id) DO UPDATE SET status = excluded.status, rating = excluded.rating, version = excluded.version
        WHERE visits.version < excluded.version
        """, ct);
}
