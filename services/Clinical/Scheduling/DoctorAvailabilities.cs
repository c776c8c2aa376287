using MedCor.Clinical.People;
using MedCor.Contracts;
using MedCor.Platform.LocalCopies;
using MedCor.Platform.Querying;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Clinical.Scheduling;

/// <summary>Finds doctors with their schedule and hospital, and the patient of an appointment, in one query of the local copies.</summary>
internal sealed class DoctorAvailabilities(ClinicalDb db, PersonCopies people, HospitalCopies hospitals, TimeProvider clock)
{
    /// <summary>Returns the local copies of a doctor and a patient.</summary>
    private static readonly Func<ClinicalDb, Guid, Guid?, DateTimeOffset, IAsyncEnumerable<LocalCopy>> Query =
        TenantQuery.Compile((ClinicalDb db, Guid doctorId, Guid? patientId, DateTimeOffset now) => db.Set<PersonCopy>().AsNoTracking()
            .Where(p => p.Id == doctorId || p.Id == patientId)
            .LeftJoin(db.Set<HospitalCopy>(), p => p.HospitalId, h => h.HospitalId, (p, h) => new { p, h })
            .LeftJoin(db.Set<Schedule>(), x => new { x.p.HospitalId, DoctorId = x.p.Id }, s => new { s.HospitalId, s.DoctorId }, (x, s) => new { x.p, x.h, s })
            .Select(x => new LocalCopy(x.p, x.h, x.s, db.Set<BookingPause>().Any(b => b.HospitalId == x.p.HospitalId
                && (b.SubjectId == b.HospitalId || b.SubjectId == doctorId || b.SubjectId == patientId) && b.Until > now)))
            .Take(2));

    /// <summary>Returns a doctor. Throws <see cref="NotFound"/> when the caller's hospital has no such doctor.</summary>
    internal async Task<DoctorAvailability> RequireAsync(Guid doctorId, CancellationToken ct) => (await FindAsync(doctorId, null, ct)).Doctor;

    /// <summary>
    /// Returns a doctor and a patient, and whether bookings of one of them or of their hospital are paused. Throws <see cref="NotFound"/> when the caller's
    /// hospital lacks one of them.
    /// </summary>
    internal async Task<(DoctorAvailability Doctor, PersonCopy Patient, bool IsPaused)> RequireWithPatientAsync(Guid doctorId, Guid patientId,
        CancellationToken ct)
    {
        var (doctor, patient, isPaused) = await FindAsync(doctorId, patientId, ct);
        return (doctor, patient!, isPaused);
    }

    private async Task<(DoctorAvailability Doctor, PersonCopy? Patient, bool IsPaused)> FindAsync(Guid doctorId, Guid? patientId, CancellationToken ct)
    {
        var rows = await Query(db, doctorId, patientId, clock.GetUtcNow()).ToListAsync(ct);

        var doctorRow = rows.SingleOrDefault(f => f.Person.Id == doctorId);
        var doctor = doctorRow?.Person ?? await people.FetchDoctorAsync(doctorId, ct);
        if (doctor is not { Role: Role.Doctor }) throw new NotFound("doctor");

        PersonCopy? patient = null;
        if (patientId is { } id)
        {
            patient = rows.SingleOrDefault(f => f.Person.Id == id)?.Person ?? await people.FetchPatientAsync(id, ct);
            if (patient is { IsActive: false }) patient = await people.FollowMergeAsync(patient, ct);
            // A platform administrator sees all hospitals; a patient of another hospital than the doctor's is not found.
            if (patient is not { Role: Role.Patient } || patient.HospitalId != doctor.HospitalId) throw new NotFound("patient");
        }

        var hospital = doctorRow?.Hospital ?? await hospitals.FindAsync(doctor.HospitalId, ct) ?? throw new NotFound("doctor");
        return (new DoctorAvailability(doctor, hospital, doctorRow?.Schedule), patient, rows.Exists(f => f.IsPaused));
    }

    /// <param name="IsPaused">Whether bookings of the doctor, the patient or the hospital are paused.</param>
    private sealed record LocalCopy(PersonCopy Person, HospitalCopy? Hospital, Schedule? Schedule, bool IsPaused);
}
