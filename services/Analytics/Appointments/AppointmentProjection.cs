using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Platform.Messaging;
using Npgsql;

namespace MedCor.Analytics.Appointments;

/// <summary>Stores the newest version of each appointment, regardless of the order in which events arrive.</summary>
internal sealed class AppointmentProjection : IProjection<AppointmentCreated>, IProjection<AppointmentUpdated>
{
    public NpgsqlBatchCommand Apply(IReadOnlyList<AppointmentCreated> events) => Upsert([.. events.Select(e => e.Appointment)]);

    public NpgsqlBatchCommand Apply(IReadOnlyList<AppointmentUpdated> events) => Upsert([.. events.Select(e => e.Appointment)]);

    private static NpgsqlBatchCommand Upsert(Appointment[] appointments) => new("""
        INSERT INTO visits (hospital_id, appointment_id, doctor_id, patient_id, status, day, starts_at, ends_at, booked_at, rating, version)
        SELECT DISTINCT ON (hospital_id, appointment_id) *
        FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::date[], $7::timestamptz[], $8::timestamptz[], $9::timestamptz[],
            $10::smallint[], $11::bigint[])
            AS v (hospital_id, appointment_id, doctor_id, patient_id, status, day, starts_at, ends_at, booked_at, rating, version)
        ORDER BY hospital_id, appointment_id, version DESC
        ON CONFLICT (hospital_id, appointment_id) DO UPDATE SET patient_id = excluded.patient_id, status = excluded.status, rating = excluded.rating,
            version = excluded.version
        WHERE visits.version < excluded.version
        """)
    {
        Parameters =
        {
            new() { Value = Array.ConvertAll(appointments, a => a.HospitalId) },
            new() { Value = Array.ConvertAll(appointments, a => a.Id) },
            new() { Value = Array.ConvertAll(appointments, a => a.DoctorId) },
            new() { Value = Array.ConvertAll(appointments, a => a.PatientId) },
            new() { Value = Array.ConvertAll(appointments, a => EnumNames.Of(a.Status)) },
            new() { Value = Array.ConvertAll(appointments, a => a.AppointmentDate) },
            new() { Value = Array.ConvertAll(appointments, a => a.StartsAt) },
            new() { Value = Array.ConvertAll(appointments, a => a.EndsAt) },
            new() { Value = Array.ConvertAll(appointments, a => a.CreatedAt) },
            new() { Value = Array.ConvertAll(appointments, a => (short?)a.Rating) },
            new() { Value = Array.ConvertAll(appointments, a => a.Version) },
        },
    };
}
