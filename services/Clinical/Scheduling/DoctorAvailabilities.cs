using MedCor.Clinical.People;
using MedCor.Contracts;
using MedCor.Platform.LocalCopies;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Clinical.Scheduling;

/// <summary>Finds doctors with their schedule and hospital, and the patient of an appointment, in one query of the local copies.</summary>
internal sealed class DoctorAvailabilities(ClinicalDb db, PersonCopies people, HospitalCopies hospitals)
{
    /// <summary>Returns a doctor. Throws <see cref="NotFound"/> when the caller's hospital has no such doctor.</summary>
    internal async Task<DoctorAvailability> RequireAsync(Guid doctorId, CancellationToken ct) => (await FindAsync(doctorId, null, ct)).Doctor;

    /// <summary>Returns a doctor and a patient. Throws <see cref="NotFound"/> when the caller's hospital lacks one of them.</summary>
    internal async Task<(DoctorAvailability Doctor, PersonCopy Patient)> RequireWithPatientAsync(Guid doctorId, Guid patientId, CancellationToken ct)
    {
        var (doctor, patient) = await FindAsync(doctorId, patientId, ct);
        return (doctor, patient!);
    }

    private async Task<(DoctorAvailability Doctor, PersonCopy? Patient)> FindAsync(Guid doctorId, Guid? patientId, CancellationToken ct)
    {
        var rows = await db.People.AsNoTracking()
            .Where(p => p.Id == doctorId || p.Id == patientId)
            .LeftJoin(db.Hospitals, p => p.HospitalId, h => h.HospitalId, (p, h) => new { p, h })
            .LeftJoin(db.Schedules, x => new { x.p.HospitalId, DoctorId = x.p.Id }, s => new { s.HospitalId, s.DoctorId },
                (x, s) => new { Person = x.p, Hospital = x.h, Schedule = s })
            .Take(2).ToListAsync(ct);

        var doctorRow = rows.SingleOrDefault(f => f.Person.Id == doctorId);
        var doctor = doctorRow?.Person ?? await people.FetchDoctorAsync(doctorId, ct);
        if (doctor is not { Role: Role.Doctor }) throw new NotFound("doctor");

        PersonCopy? patient = null;
        if (patientId is { } id)
        {
            patient = rows.SingleOrDefault(f => f.Person.Id == id)?.Person ?? await people.FetchPatientAsync(id, ct);
            // A platform administrator sees all hospitals; a patient of another hospital than the doctor's is not found.
            if (patient is not { Role: Role.Patient } || patient.HospitalId != doctor.HospitalId) throw new NotFound("patient");
        }

        var hospital = doctorRow?.Hospital ?? await hospitals.FindAsync(doctor.HospitalId, ct) ?? throw new NotFound("doctor");
        return (new DoctorAvailability(doctor, hospital, doctorRow?.Schedule), patient);
    }
}
