using MedCor.Clinical.Schedules;
using MedCor.Contracts;
using MedCor.Contracts.Hospital;
using MedCor.ServiceDefaults.Problems;
using MedCor.ServiceDefaults.Tools;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Clinical.People;

/// <summary>
/// Who works and is treated here, and where: from the local copy, and what that lacks (somebody registered a moment ago) from its owner,
/// whose answer is kept.
/// </summary>
internal sealed class KnownPeople(ClinicalDb db, OtherServices others)
{
    /// <summary>A doctor at work. Throws <see cref="Missing"/> when the caller's hospital has no such doctor.</summary>
    internal async Task<Practice> Doctor(Guid doctorId, CancellationToken ct) => (await Find(doctorId, null, ct)).Practice;

    /// <summary>A doctor at work and a patient. Throws <see cref="Missing"/> when the caller's hospital lacks one of them.</summary>
    internal async Task<(Practice Practice, Person Patient)> DoctorAndPatient(Guid doctorId, Guid patientId, CancellationToken ct)
    {
        var (practice, patient) = await Find(doctorId, patientId, ct);
        return (practice, patient!);
    }

    private async Task<(Practice Practice, Person? Patient)> Find(Guid doctorId, Guid? patientId, CancellationToken ct)
    {
        var found = await db.People.AsNoTracking()
            .Where(p => p.Id == doctorId || p.Id == patientId)
            .LeftJoin(db.Hospitals, p => p.HospitalId, h => h.HospitalId, (p, h) => new { p, h })
            .LeftJoin(db.Schedules, x => new { x.p.HospitalId, DoctorId = x.p.Id }, s => new { s.HospitalId, s.DoctorId }, (x, s) => new { Person = x.p, Hospital = x.h, Schedule = s })
            .Take(2).ToListAsync(ct);

        var known = found.SingleOrDefault(f => f.Person.Id == doctorId);
        var doctor = known?.Person ?? await AskForDoctor(doctorId, ct);
        if (doctor is not { Role: Role.Doctor }) throw new Missing("doctor");

        Person? patient = null;
        if (patientId is { } id)
        {
            patient = found.SingleOrDefault(f => f.Person.Id == id)?.Person ?? await AskForPatient(id, ct);
            // To the platform alone both hospitals are visible; a patient of the other one is no patient of this doctor's.
            if (patient is not { Role: Role.Patient } || patient.HospitalId != doctor.HospitalId) throw new Missing("patient");
        }

        var hospital = known?.Hospital ?? await AskForHospital(doctor.HospitalId, ct);
        return (new Practice(doctor, hospital, known?.Schedule), patient);
    }

    /// <summary>Keeps a copy, unless a newer one is there.</summary>
    internal Task Keep(Person person, CancellationToken ct)
    {
        var role = person.Role.ToString().ToUpperInvariant();
        return db.Database.ExecuteSqlAsync($"""
            INSERT INTO people (hospital_id, id, role, first_name, last_name, is_active, version)
            VALUES ({person.HospitalId}, {person.Id}, {role}, {person.FirstName}, {person.LastName}, {person.IsActive}, {person.Version})
            ON CONFLICT (id) DO UPDATE SET role = excluded.role, first_name = excluded.first_name, last_name = excluded.last_name,
                is_active = excluded.is_active, version = excluded.version
            WHERE people.version < excluded.version
            """, ct);
    }

    /// <summary>Keeps a copy, unless a newer one is there.</summary>
    internal Task Keep(Hospital hospital, CancellationToken ct) =>
        db.Database.ExecuteSqlAsync($"""
            INSERT INTO hospitals (hospital_id, time_zone, is_active, version)
            VALUES ({hospital.HospitalId}, {hospital.TimeZone}, {hospital.IsActive}, {hospital.Version})
            ON CONFLICT (hospital_id) DO UPDATE SET time_zone = excluded.time_zone, is_active = excluded.is_active, version = excluded.version
            WHERE hospitals.version < excluded.version
            """, ct);

    private static Task<Person?> AskForDoctor(Guid id, CancellationToken ct) => Task.FromResult<Person?>(null);

    private static Task<Person?> AskForPatient(Guid id, CancellationToken ct) => Task.FromResult<Person?>(null);

    private async Task<Hospital> AskForHospital(Guid id, CancellationToken ct)
    {
        var hospital = Hospital.From(await others.Ask(new GetHospital(id), ct) ?? throw new Missing("hospital"));
        await Keep(hospital, ct);
        return hospital;
    }
}
