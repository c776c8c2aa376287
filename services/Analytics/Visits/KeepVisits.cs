using System.Text.Json;
using MedCor.Contracts.Clinical;
using MedCor.ServiceDefaults.Messaging;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Analytics.Visits;

/// <summary>Keeps each appointment as its newest event tells it, in whatever order the events come.</summary>
internal sealed class KeepVisits(AnalyticsDb db) : IHear<AppointmentCreated>, IHear<AppointmentUpdated>
{
    public Task Hear(AppointmentCreated happened, CancellationToken ct) => Keep(happened.Appointment, ct);

    public Task Hear(AppointmentUpdated happened, CancellationToken ct) => Keep(happened.Appointment, ct);

    private Task<int> Keep(Appointment visit, CancellationToken ct) => db.Database.ExecuteSqlAsync($"""
        INSERT INTO visits (hospital_id, appointment_id, doctor_id, patient_id, status, day, starts_at, ends_at, booked_at, rating, version)
        VALUES ({visit.HospitalId}, {visit.Id}, {visit.DoctorId}, {visit.PatientId}, {JsonNamingPolicy.SnakeCaseUpper.ConvertName(visit.Status.ToString())},
                {visit.AppointmentDate}, {visit.StartsAt}, {visit.EndsAt}, {visit.CreatedAt}, {visit.Rating}, {visit.Version})
        ON CONFLICT (hospital_id, appointment_id) DO UPDATE SET status = excluded.status, rating = excluded.rating, version = excluded.version
        WHERE visits.version < excluded.version
        """, ct);
}
