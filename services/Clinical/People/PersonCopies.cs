using MedCor.Clinical.Scheduling;
using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.Platform.LocalCopies;
using MedCor.Platform.Tools;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Clinical.People;

/// <summary>
/// Who works and is treated here, and where: from the local copy, and what that lacks (somebody registered a moment ago) from its owner,
/// whose answer is kept.
/// </summary>
internal sealed class PersonCopies(ClinicalDb db, HospitalCopies hospitals, ToolClient others)
{
    /// <summary>A doctor at work. Throws <see cref="NotFound"/> when the caller's hospital has no such doctor.</summary>
    internal async Task<DoctorAvailability> RequireDoctorAsync(Guid doctorId, CancellationToken ct) => (await FindAsync(doctorId, null, ct)).Practice;

    /// <summary>A doctor at work and a patient. Throws <see cref="NotFound"/> when the caller's hospital lacks one of them.</summary>
    internal async Task<(DoctorAvailability Practice, PersonCopy Patient)> RequireDoctorAndPatientAsync(Guid doctorId, Guid patientId, CancellationToken ct)
    {
        var (practice, patient) = await FindAsync(doctorId, patientId, ct);
        return (practice, patient!);
    }

    /// <summary>A patient. Throws <see cref="NotFound"/> when the caller's hospital has no such patient.</summary>
    internal async Task<PersonCopy> RequirePatientAsync(Guid patientId, CancellationToken ct)
    {
        var patient = await db.People.AsNoTracking().SingleOrDefaultAsync(p => p.Id == patientId, ct) ?? await FetchPatientAsync(patientId, ct);
        return patient is { Role: Role.Patient } ? patient : throw new NotFound("patient");
    }

    private async Task<(DoctorAvailability Practice, PersonCopy? Patient)> FindAsync(Guid doctorId, Guid? patientId, CancellationToken ct)
    {
        var found = await db.People.AsNoTracking()
            .Where(p => p.Id == doctorId || p.Id == patientId)
            .LeftJoin(db.Hospitals, p => p.HospitalId, h => h.HospitalId, (p, h) => new { p, h })
            .LeftJoin(db.Schedules, x => new { x.p.HospitalId, DoctorId = x.p.Id }, s => new { s.HospitalId, s.DoctorId }, (x, s) => new { Person = x.p, Hospital = x.h, Schedule = s })
            .Take(2).ToListAsync(ct);

        var known = found.SingleOrDefault(f => f.Person.Id == doctorId);
        var doctor = known?.Person ?? await FetchDoctorAsync(doctorId, ct);
        if (doctor is not { Role: Role.Doctor }) throw new NotFound("doctor");

        PersonCopy? patient = null;
        if (patientId is { } id)
        {
            patient = found.SingleOrDefault(f => f.Person.Id == id)?.Person ?? await FetchPatientAsync(id, ct);
            // To the platform alone both hospitals are visible; a patient of the other one is no patient of this doctor's.
            if (patient is not { Role: Role.Patient } || patient.HospitalId != doctor.HospitalId) throw new NotFound("patient");
        }

        var hospital = known?.Hospital ?? await hospitals.FindAsync(doctor.HospitalId, ct) ?? throw new NotFound("doctor");
        return (new DoctorAvailability(doctor, hospital, known?.Schedule), patient);
    }

    /// <summary>Keeps a copy; of what it tells and what is known already the newer stays.</summary>
    internal async Task UpsertAsync(PersonCopy person, CancellationToken ct)
    {
        // What a user's event says of a role stands above what a doctor's of the same version says, who may just have ceased to be one.
        await db.Database.ExecuteSqlAsync($"""
            INSERT INTO people (hospital_id, id, role, first_name, last_name, is_active, version)
            VALUES ({person.HospitalId}, {person.Id}, {person.Role.ToString().ToUpperInvariant()}, {person.FirstName}, {person.LastName}, {person.IsActive}, {person.Version})
            ON CONFLICT (hospital_id, id) DO UPDATE SET role = excluded.role, first_name = excluded.first_name, last_name = excluded.last_name,
                is_active = excluded.is_active, version = excluded.version
            WHERE people.version < excluded.version OR (people.version = excluded.version AND {person.AvailableVersion} = 0)
            """, ct);
        if (person.AvailableVersion > 0)
            await db.Database.ExecuteSqlAsync($"""
                UPDATE people SET is_available = {person.IsAvailable}, available_version = {person.AvailableVersion}
                WHERE hospital_id = {person.HospitalId} AND id = {person.Id} AND available_version < {person.AvailableVersion}
                """, ct);
    }

    private async Task<PersonCopy?> FetchDoctorAsync(Guid id, CancellationToken ct) =>
        await others.TryCallAsync(new GetDoctorDetails(id), ct) is { } doctor ? await UpsertAndReturnAsync(PersonCopy.From(doctor), ct) : null;

    private async Task<PersonCopy?> FetchPatientAsync(Guid id, CancellationToken ct) =>
        await others.TryCallAsync(new GetPatient(id), ct) is { } patient ? await UpsertAndReturnAsync(PersonCopy.From(patient), ct) : null;

    private async Task<PersonCopy> UpsertAndReturnAsync(PersonCopy person, CancellationToken ct)
    {
        await UpsertAsync(person, ct);
        return person;
    }
}
