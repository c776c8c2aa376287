using MedCor.Clinical.Audit;
using MedCor.Clinical.MedicalRecords;
using MedCor.Clinical.People;
using MedCor.Clinical.Scheduling;
using MedCor.Clinical.Treatments;
using MedCor.Contracts;
using MedCor.Platform.Database;
using MedCor.Platform.LocalCopies;
using MedCor.Platform.Messaging;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Clinical;

internal sealed class ClinicalDb(DbContextOptions<ClinicalDb> options, TimeProvider clock, OutboxSignal signal)
    : TenantDb(options, clock, signal)
{
    internal IQueryable<HospitalCopy> Hospitals => Rows<HospitalCopy>();
    internal IQueryable<PersonCopy> People => Rows<PersonCopy>();
    internal IQueryable<PatientAlias> PatientAliases => Rows<PatientAlias>();
    internal IQueryable<Schedule> Schedules => Rows<Schedule>();
    internal IQueryable<FormerSchedule> FormerSchedules => Rows<FormerSchedule>();

    /// <summary>Gets all appointments of the hospital, for determining which times are free. Callers are shown <see cref="AppointmentsWithNames"/>.</summary>
    internal IQueryable<Appointment> Appointments => Rows<Appointment>();

    internal IQueryable<BookingPause> BookingPauses => Rows<BookingPause>();

    /// <summary>Gets the records that the caller may see: a patient's own, or those of a staff member's hospital.</summary>
    internal IQueryable<MedicalRecord> MedicalRecords =>
        Tenancy.Caller is { Kind: Callers.Patient, UserId: var me } ? Rows<MedicalRecord>().Where(r => r.PatientId == me) : Rows<MedicalRecord>();

    /// <summary>Gets the versions of all records, for reading the history of a record that the caller may see.</summary>
    internal IQueryable<RecordVersion> RecordVersions => Rows<RecordVersion>();

    /// <summary>Gets the treatments that the caller may see: a patient's own, or those of a staff member's hospital.</summary>
    internal IQueryable<Treatment> Treatments =>
        Tenancy.Caller is { Kind: Callers.Patient, UserId: var me } ? Rows<Treatment>().Where(t => t.PatientId == me) : Rows<Treatment>();

    /// <summary>Gets all recorded accesses to clinical content.</summary>
    internal IQueryable<AuditEvent> AuditEvents => Rows<AuditEvent>();

    /// <summary>Gets the links of the audit trail's chains.</summary>
    internal IQueryable<AuditLink> AuditLinks => Rows<AuditLink>();

    /// <summary>Gets the accesses that are not linked to a chain yet.</summary>
    internal IQueryable<UnlinkedEvent> UnlinkedEvents => Rows<UnlinkedEvent>();

    /// <summary>Gets the appointments that the caller may see: a patient's own, or those of a staff member's hospital.</summary>
    internal IQueryable<Appointment> VisibleAppointments =>
        Tenancy.Caller is { Kind: Callers.Patient, UserId: var me } ? Appointments.Where(a => a.PatientId == me) : Appointments;

    /// <summary>Gets the appointments that the caller may see, with the names of patient and doctor.</summary>
    internal IQueryable<AppointmentWithNames> AppointmentsWithNames => WithNames(VisibleAppointments);

    /// <summary>Joins appointments with the names of patient and doctor.</summary>
    internal IQueryable<AppointmentWithNames> WithNames(IQueryable<Appointment> appointments) => appointments
        .LeftJoin(People, a => new { a.HospitalId, Id = a.PatientId }, p => new { p.HospitalId, p.Id }, (a, patient) => new { a, patient })
        .LeftJoin(People, v => new { v.a.HospitalId, Id = v.a.DoctorId }, d => new { d.HospitalId, d.Id },
            (v, doctor) => new AppointmentWithNames { Appointment = v.a, Patient = v.patient, Doctor = doctor });

    /// <inheritdoc/>
    protected override void ConfigureConventions(ModelConfigurationBuilder conventions)
    {
        base.ConfigureConventions(conventions);
        conventions.Properties<Timetable>().HaveConversion<Schedule.TimetableConverter>().HaveColumnType("jsonb");
    }
}
