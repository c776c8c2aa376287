using MedCor.Clinical.Audit;
using MedCor.Clinical.MedicalRecords;
using MedCor.Clinical.People;
using MedCor.Clinical.Scheduling;
using MedCor.Clinical.Treatments;
using MedCor.Contracts;
using MedCor.Platform.Database;
using MedCor.Platform.LocalCopies;
using MedCor.Platform.Messaging;
using MedCor.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Clinical;

internal sealed class ClinicalDb(DbContextOptions<ClinicalDb> options, TenantContext tenancy, TimeProvider clock, OutboxSignal signal)
    : TenantDb(options, tenancy, clock, signal)
{
    internal IQueryable<HospitalCopy> Hospitals => Rows<HospitalCopy>();
    internal IQueryable<PersonCopy> People => Rows<PersonCopy>();
    internal IQueryable<Schedule> Schedules => Rows<Schedule>();
    internal IQueryable<FormerSchedule> FormerSchedules => Rows<FormerSchedule>();

    /// <summary>Everybody's in the hospital: for what is free and what is not. What a caller is shown comes from <see cref="AppointmentsWithNames"/>.</summary>
    internal IQueryable<Appointment> Appointments => Rows<Appointment>();

    internal IQueryable<BookingPause> BookingPauses => Rows<BookingPause>();

    /// <summary>The records that the caller may see: a patient's own, a member of staff's hospital's.</summary>
    internal IQueryable<MedicalRecord> MedicalRecords => Tenancy.Caller is { Kind: Callers.Patient, UserId: var me } ? Rows<MedicalRecord>().Where(r => r.PatientId == me) : Rows<MedicalRecord>();

    /// <summary>The versions of every record: for the history of one that the caller may see.</summary>
    internal IQueryable<RecordVersion> RecordVersions => Rows<RecordVersion>();

    /// <summary>The treatments that the caller may see: a patient's own, a member of staff's hospital's.</summary>
    internal IQueryable<Treatment> Treatments => Tenancy.Caller is { Kind: Callers.Patient, UserId: var me } ? Rows<Treatment>().Where(t => t.PatientId == me) : Rows<Treatment>();

    /// <summary>Every access to clinical content that is on record.</summary>
    internal IQueryable<AuditEvent> AuditEvents => Rows<AuditEvent>();

    /// <summary>The chains of the audit trail.</summary>
    internal IQueryable<AuditLink> AuditLinks => Rows<AuditLink>();

    /// <summary>The accesses that are in no chain yet.</summary>
    internal IQueryable<UnlinkedEvent> UnlinkedEvents => Rows<UnlinkedEvent>();

    /// <summary>The appointments that the caller may see: a patient's own, a member of staff's hospital's.</summary>
    internal IQueryable<Appointment> VisibleAppointments => Tenancy.Caller is { Kind: Callers.Patient, UserId: var me } ? Appointments.Where(a => a.PatientId == me) : Appointments;

    /// <summary>The appointments that the caller may see, with the names of those who meet.</summary>
    internal IQueryable<AppointmentWithNames> AppointmentsWithNames => WithNames(VisibleAppointments);

    /// <summary>Appointments with the names of those who meet.</summary>
    internal IQueryable<AppointmentWithNames> WithNames(IQueryable<Appointment> appointments) => appointments
        .LeftJoin(People, a => new { a.HospitalId, Id = a.PatientId }, p => new { p.HospitalId, p.Id }, (a, patient) => new { a, patient })
        .LeftJoin(People, v => new { v.a.HospitalId, Id = v.a.DoctorId }, d => new { d.HospitalId, d.Id }, (v, doctor) => new AppointmentWithNames { Appointment = v.a, Patient = v.patient, Doctor = doctor });

    /// <inheritdoc/>
    protected override void ConfigureConventions(ModelConfigurationBuilder conventions)
    {
        base.ConfigureConventions(conventions);
        conventions.Properties<Timetable>().HaveConversion<Schedule.TimetableConverter>().HaveColumnType("jsonb");
    }
}
