using MedCor.Clinical.AccessPolicies;
using MedCor.Clinical.EmergencyOverrides;
using MedCor.Clinical.MedicalRecords;
using MedCor.Clinical.People;
using MedCor.Clinical.Referrals;
using MedCor.Clinical.Representatives;
using MedCor.Clinical.Scheduling;
using MedCor.Clinical.Treatments;
using MedCor.Contracts;
using MedCor.Platform.Audit;
using MedCor.Platform.Database;
using MedCor.Platform.LocalCopies;
using MedCor.Platform.Messaging;
using MedCor.Platform.Querying;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Clinical;

internal sealed class ClinicalDb(DbContextOptions<ClinicalDb> options, TimeProvider clock, OutboxSignal signal)
    : TenantDb(options, clock, signal)
{
    /// <summary>Finds an appointment by its ID, of one patient and those for whom the patient acts or of all, as <see cref="WithNames"/> returns it.</summary>
    private static readonly Func<ClinicalDb, Guid, Guid?, Guid?, IAsyncEnumerable<AppointmentWithNames>> AppointmentById =
        TenantQuery.Compile((ClinicalDb db, Guid id, Guid? patientId, Guid? reader) => db.Set<Appointment>().AsNoTracking()
            .Where(a => a.Id == id && (patientId == null || a.PatientId == patientId
                || db.Set<RepresentedPatient>().Any(p => p.UserId == patientId && p.PatientId == a.PatientId)))
            .LeftJoin(db.Set<PersonCopy>(), a => new { a.HospitalId, Id = a.PatientId }, p => new { p.HospitalId, p.Id }, (a, patient) => new { a, patient })
            .LeftJoin(db.Set<PersonCopy>(), v => new { v.a.HospitalId, Id = v.a.DoctorId }, d => new { d.HospitalId, d.Id },
                (v, doctor) => new AppointmentWithNames
                {
                    Appointment = v.a,
                    Patient = v.patient,
                    Doctor = doctor,
                    HasContent = reader == null || v.a.DoctorId == reader || ContentVisibility.SeesContent(v.a.HospitalId, v.a.PatientId, reader),
                }));

    /// <summary>
    /// Finds who acts for a patient, of all or of those who see everything, while they have the role of a patient: what staff are told of, other rules decide.
    /// </summary>
    private static readonly Func<ClinicalDb, Guid, Guid, bool, IAsyncEnumerable<RepresentedPatient>> RepresentativesByPatient =
        TenantQuery.Compile((ClinicalDb db, Guid hospitalId, Guid patientId, bool completely) => db.Set<RepresentedPatient>().AsNoTracking()
            .Where(p => p.HospitalId == hospitalId && p.PatientId == patientId && (p.SeesRestricted || !completely))
            .Where(p => db.Set<PersonCopy>().Any(u => u.HospitalId == p.HospitalId && u.Id == p.UserId && u.Role == Role.Patient && u.IsActive))
            .OrderBy(p => p.UserId).Take(Contracts.Clinical.Representative.MaxNotified));

    internal IQueryable<HospitalCopy> Hospitals => Rows<HospitalCopy>();
    internal IQueryable<PersonCopy> People => Rows<PersonCopy>();
    internal IQueryable<PatientAlias> PatientAliases => Rows<PatientAlias>();
    internal IQueryable<Schedule> Schedules => Rows<Schedule>();
    internal IQueryable<FormerSchedule> FormerSchedules => Rows<FormerSchedule>();

    /// <summary>Gets all appointments of the hospital, for determining which times are free. Callers are shown <see cref="AppointmentsWithNames"/>.</summary>
    internal IQueryable<Appointment> Appointments => Rows<Appointment>();

    internal IQueryable<BookingPause> BookingPauses => Rows<BookingPause>();

    /// <summary>Gets the access policies that hospitals have set.</summary>
    internal IQueryable<AccessPolicy> AccessPolicies => Rows<AccessPolicy>();

    /// <summary>Gets all relations of guardians and proxies, for counting them.</summary>
    internal IQueryable<Representative> Representatives => Rows<Representative>();

    /// <summary>Gets the relations of guardians and proxies that the caller may see: a patient's own, of either side, or all of the hospital.</summary>
    internal IQueryable<Representative> VisibleRepresentatives =>
        Tenancy.Caller is { Kind: Callers.Patient, UserId: var me } ? Representatives.Where(RepresentativeQueries.Concerns(me)) : Representatives;

    /// <summary>
    /// Gets the patients for whom the caller acts at this moment, by the clock of the database. What a patient sees of others follows from this alone: each of
    /// the sets of rows below that are a patient's own adds the rows of these.
    /// </summary>
    internal IQueryable<RepresentedPatient> RepresentedPatients
    {
        get
        {
            var me = Tenancy.Caller.UserId;
            return Rows<RepresentedPatient>().Where(p => p.UserId == me);
        }
    }

    /// <summary>
    /// Gets the referrals that the caller may see: a patient's own, those to or by a doctor or nurse, or all of the hospital for administrators.
    /// </summary>
    internal IQueryable<Referral> VisibleReferrals => Tenancy.Caller switch
    {
        { Kind: Callers.Patient, UserId: var me } when RepresentedPatients is var represented =>
            Rows<Referral>().Where(r => r.PatientId == me || represented.Any(p => p.PatientId == r.PatientId && p.SeesRestricted)),
        { Kind: Callers.Doctor or Callers.Nurse, UserId: var me } => Rows<Referral>().Where(r => r.UserId == me || r.ReferredBy == me),
        _ => Rows<Referral>(),
    };

    /// <summary>Gets all emergency overrides, for counting and reviewing them.</summary>
    internal IQueryable<EmergencyOverride> EmergencyOverrides => Rows<EmergencyOverride>();

    /// <summary>
    /// Gets the emergency overrides that the caller may see: those of a patient's content, those of a doctor or nurse, or all of the hospital for
    /// administrators and the users whom the access policy names.
    /// </summary>
    internal IQueryable<EmergencyOverride> VisibleEmergencyOverrides
    {
        get
        {
            var (named, represented) = (AccessPolicies, RepresentedPatients);
            return Tenancy.Caller switch
            {
                { Kind: Callers.Patient, UserId: var me } =>
                    EmergencyOverrides.Where(e => e.PatientId == me || represented.Any(p => p.PatientId == e.PatientId && p.SeesRestricted)),
                { Kind: Callers.Doctor or Callers.Nurse, UserId: var me } =>
                    EmergencyOverrides.Where(e => e.UserId == me || named.Any(p => p.NotifiedUserIds.Contains(me))),
                _ => EmergencyOverrides,
            };
        }
    }

    /// <summary>Gets in whose care patients are at this moment, by the clock of the database.</summary>
    internal IQueryable<CareRelation> CareRelations => Rows<CareRelation>();

    /// <summary>
    /// Gets the records of which <see cref="ContentVisibility"/> leaves those that the caller may know of: a patient's own and those of patients for whom the
    /// caller acts, or all of the hospital.
    /// </summary>
    internal IQueryable<MedicalRecord> UnlimitedRecords =>
        Tenancy.Caller is { Kind: Callers.Patient, UserId: var me } && RepresentedPatients is var represented
            ? Rows<MedicalRecord>().Where(
                r => r.PatientId == me || represented.Any(p => p.PatientId == r.PatientId && (p.SeesRestricted || !r.IsRestricted)))
            : Rows<MedicalRecord>();

    /// <summary>Gets the versions of all records, for reading the history of a record that the caller may see.</summary>
    internal IQueryable<RecordVersion> RecordVersions => Rows<RecordVersion>();

    /// <summary>
    /// Gets the treatments of which <see cref="ContentVisibility"/> leaves those that the caller may know of: a patient's own, or all of the hospital.
    /// </summary>
    internal IQueryable<Treatment> UnlimitedTreatments =>
        Tenancy.Caller is { Kind: Callers.Patient, UserId: var me } && RepresentedPatients is var represented
            ? Rows<Treatment>().Where(t => t.PatientId == me || represented.Any(p => p.PatientId == t.PatientId))
            : Rows<Treatment>();

    /// <summary>Gets the audit events of all services: those of this one, and copies of what the others have recorded.</summary>
    internal IQueryable<AuditEvent> AuditEvents => Rows<AuditEvent>();

    /// <summary>Gets the appointments that the caller may see: a patient's own, or those of a staff member's hospital.</summary>
    internal IQueryable<Appointment> VisibleAppointments =>
        Tenancy.Caller is { Kind: Callers.Patient, UserId: var me } && RepresentedPatients is var represented
            ? Appointments.Where(a => a.PatientId == me || represented.Any(p => p.PatientId == a.PatientId))
            : Appointments;

    /// <summary>Gets the appointments that the caller may see, with the names of patient and doctor.</summary>
    internal IQueryable<AppointmentWithNames> AppointmentsWithNames => WithNamesForCaller(VisibleAppointments);

    /// <summary>Gets the member of staff for whom it is determined which texts they may read; null for whoever may read all that they see.</summary>
    private Guid? Reader =>
        Tenancy.Caller is { Kind: Callers.Platform or Callers.HospitalAdmin or Callers.Doctor or Callers.Nurse, UserId: var me } ? me : null;

    /// <summary>Joins appointments with the names of patient and doctor.</summary>
    /// <param name="reader">The member of staff for whom it is determined which texts they may read; null for whoever may read all of them.</param>
    internal IQueryable<AppointmentWithNames> WithNames(IQueryable<Appointment> appointments, Guid? reader = null) => appointments
        .LeftJoin(People, a => new { a.HospitalId, Id = a.PatientId }, p => new { p.HospitalId, p.Id }, (a, patient) => new { a, patient })
        .LeftJoin(People, v => new { v.a.HospitalId, Id = v.a.DoctorId }, d => new { d.HospitalId, d.Id },
            (v, doctor) => new AppointmentWithNames
            {
                Appointment = v.a,
                Patient = v.patient,
                Doctor = doctor,
                HasContent = reader == null || v.a.DoctorId == reader || ContentVisibility.SeesContent(v.a.HospitalId, v.a.PatientId, reader),
            });

    /// <summary>Joins appointments with the names of patient and doctor, and determines which texts the caller may read.</summary>
    internal IQueryable<AppointmentWithNames> WithNamesForCaller(IQueryable<Appointment> appointments) => WithNames(appointments, Reader);

    /// <summary>Returns an appointment that the caller may see, with the names of patient and doctor; null when there is none.</summary>
    internal ValueTask<AppointmentWithNames?> FindAppointmentAsync(Guid id, CancellationToken ct) =>
        AppointmentById(this, id, Tenancy.Caller is { Kind: Callers.Patient, UserId: var me } ? me : null, Reader).SingleOrDefaultAsync(ct);

    /// <summary>Returns an appointment without its texts unless the caller may read them at this moment.</summary>
    internal async Task<Contracts.Clinical.Appointment> LimitAsync(Contracts.Clinical.Appointment appointment, CancellationToken ct) =>
        await FindAppointmentAsync(appointment.Id, ct) is { HasContent: true } ? appointment : appointment.WithoutTexts();

    /// <summary>Returns the users whom a hospital's access policy names to be told of emergency overrides.</summary>
    internal async Task<IReadOnlyList<Guid>> FindNotifiedUsersAsync(Guid hospital, CancellationToken ct) =>
        await AccessPolicies.Where(p => p.HospitalId == hospital).Select(p => p.NotifiedUserIds).SingleOrDefaultAsync(ct) ?? [];

    /// <summary>
    /// Returns the users who act for a patient at this moment, whom the live event of a change names: so it reaches nobody whose relation has ended before, and
    /// delivering it needs no query.
    /// </summary>
    /// <param name="completely">Whether the change is told only to those who see all of the patient, restricted records included.</param>
    internal async Task<IReadOnlyList<Guid>> FindRepresentativesAsync(Guid hospital, Guid patient, CancellationToken ct, bool completely = false) =>
        await RepresentativesByPatient(this, hospital, patient, completely).Select(p => p.UserId).Distinct().ToArrayAsync(ct);

    /// <summary>Returns the time by the clock of the database, which is the same for all replicas.</summary>
    internal Task<DateTimeOffset> GetDatabaseTimeAsync(CancellationToken ct) =>
        Database.SqlQuery<DateTimeOffset>($"""SELECT statement_timestamp() AS "Value" """).SingleAsync(ct);

    /// <inheritdoc/>
    protected override void OnModelCreating(ModelBuilder model)
    {
        base.OnModelCreating(model);
        ContentVisibility.AddTo(model);
    }

    /// <inheritdoc/>
    protected override void ConfigureConventions(ModelConfigurationBuilder conventions)
    {
        base.ConfigureConventions(conventions);
        conventions.Properties<Timetable>().HaveConversion<Schedule.TimetableConverter>().HaveColumnType("jsonb");
    }
}
