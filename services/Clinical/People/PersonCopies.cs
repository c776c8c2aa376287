using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.Platform.ServiceClients;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Clinical.People;

/// <summary>
/// Finds people in the local copies. Requests a missing person, who may have been registered a moment ago, from the Identity service and stores the response.
/// </summary>
internal sealed class PersonCopies(ClinicalDb db, ToolClient tools)
{
    /// <summary>Returns a patient. Throws <see cref="NotFound"/> when the caller's hospital has no such patient.</summary>
    internal async Task<PersonCopy> RequirePatientAsync(Guid patientId, CancellationToken ct)
    {
        var patient = await db.People.AsNoTracking().SingleOrDefaultAsync(p => p.Id == patientId, ct) ?? await FetchPatientAsync(patientId, ct);
        if (patient is not { Role: Role.Patient }) throw new NotFound("patient");
        return await FollowMergeAsync(patient, ct);
    }

    /// <summary>
    /// Returns the patient with whom an inactive one goes on who was merged; otherwise the same one. Identity knows of a merge that has not been received yet.
    /// </summary>
    internal async Task<PersonCopy> FollowMergeAsync(PersonCopy patient, CancellationToken ct)
    {
        if (patient is not { Role: Role.Patient, IsActive: false }) return patient;
        var survivingId = await db.FindSurvivingPatientAsync(patient.Id, ct);
        if (survivingId is null) return await FetchPatientAsync(patient.Id, ct) ?? patient;
        return await db.People.AsNoTracking().SingleOrDefaultAsync(p => p.Id == survivingId, ct) ?? await FetchPatientAsync(survivingId.Value, ct) ?? patient;
    }

    /// <summary>
    /// Lists what belongs to a patient. For one who was merged and to whom nothing belongs any more, lists what belongs to the surviving patient.
    /// </summary>
    /// <param name="patientId">The ID of the patient; null for a list of all.</param>
    /// <param name="list">Lists what belongs to a patient.</param>
    internal async Task<Page<T>> ListAsync<T>(Guid? patientId, Func<Guid?, Task<Page<T>>> list, CancellationToken ct)
    {
        var page = await list(patientId);
        if (page.Total > 0 || patientId is not { } id) return page;
        return await db.FindSurvivingPatientAsync(id, ct) is { } survivingId ? await list(survivingId) : page;
    }

    /// <summary>
    /// Returns an active user of the caller's hospital who has one of some roles. Throws <see cref="NotFound"/> when it has no user with this ID, and
    /// <see cref="ValidationFailed"/> naming the field when the user has another role, is inactive or is a program.
    /// </summary>
    internal async Task<PersonCopy> RequireStaffAsync(Guid userId, string field, Role[] roles, CancellationToken ct)
    {
        var user = await db.People.AsNoTracking().SingleOrDefaultAsync(p => p.Id == userId, ct) ?? await FetchUserAsync(userId, ct)
            ?? throw new NotFound("user");
        if (roles.Contains(user.Role) && user is { IsActive: true, IsProgram: false }) return user;
        throw new ValidationFailed(field,
            $"must be a person who is an active user with the role {string.Join(" or ", roles.Select(role => EnumNames.Of(role)))}");
    }

    /// <summary>Stores a copy; of the given and the stored version the newer one is kept.</summary>
    internal async Task UpsertAsync(PersonCopy person, CancellationToken ct)
    {
        // A user event takes precedence over a doctor event of the same version: the user may just have ceased to be a doctor.
        await db.Database.ExecuteSqlAsync($"""
            INSERT INTO people (hospital_id, id, role, first_name, last_name, is_active, version, is_program)
            VALUES ({person.HospitalId}, {person.Id}, {person.Role.ToString().ToUpperInvariant()},
                {person.FirstName}, {person.LastName}, {person.IsActive}, {person.Version}, {person.IsProgram})
            ON CONFLICT (hospital_id, id) DO UPDATE SET role = excluded.role, first_name = excluded.first_name, last_name = excluded.last_name,
                is_active = excluded.is_active, version = excluded.version, is_program = excluded.is_program
            WHERE people.version < excluded.version OR (people.version = excluded.version AND {person.AvailableVersion} = 0)
            """, ct);
        if (person.AvailableVersion > 0)
            await db.Database.ExecuteSqlAsync($"""
                UPDATE people SET is_available = {person.IsAvailable}, available_version = {person.AvailableVersion}
                WHERE hospital_id = {person.HospitalId} AND id = {person.Id} AND available_version < {person.AvailableVersion}
                """, ct);
    }

    /// <summary>Requests a doctor from the Identity service. Returns null when it has no doctor with this id that the caller may see.</summary>
    internal async Task<PersonCopy?> FetchDoctorAsync(Guid id, CancellationToken ct) =>
        await tools.TryLookUpAsync(new GetDoctorDetails(id), ct) is { } doctor ? await UpsertAndReturnAsync(PersonCopy.From(doctor), ct) : null;

    /// <summary>Requests a patient from the Identity service. Returns null when it has no patient with this id that the caller may see.</summary>
    internal async Task<PersonCopy?> FetchPatientAsync(Guid id, CancellationToken ct) =>
        await tools.TryLookUpAsync(new GetPatient(id), ct) is { } patient ? await UpsertAndReturnAsync(PersonCopy.From(patient), ct) : null;

    private async Task<PersonCopy?> FetchUserAsync(Guid id, CancellationToken ct) =>
        await tools.TryLookUpAsync(new GetUser(id), ct) is { } user && PersonCopy.From(user) is { } person ? await UpsertAndReturnAsync(person, ct) : null;

    private async Task<PersonCopy> UpsertAndReturnAsync(PersonCopy person, CancellationToken ct)
    {
        await UpsertAsync(person, ct);
        return person;
    }
}
