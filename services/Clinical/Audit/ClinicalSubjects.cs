using MedCor.Contracts;
using MedCor.Platform.Audit;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Clinical.Audit;

/// <summary>Finds whose records, treatments, appointments, referrals, emergency overrides and representatives are.</summary>
internal sealed class ClinicalSubjects(ClinicalDb db) : IAuditSubjects
{
    public async Task<AuditSubject?> FindAsync(AuditedAccess access, CancellationToken ct)
    {
        if (access.ResourceId is { } id && await FindAsync(db, id, ct) is { } subject) return subject;
        // The hospital of any other caller is known.
        if (!db.Tenancy.SeesAllHospitals || access.PatientId is not { } patient) return null;
        return await db.People.Where(p => p.Id == patient).Select(p => new AuditSubject(p.HospitalId, patient)).FirstOrDefaultAsync(ct);
    }

    /// <summary>
    /// Returns the hospital and patient of clinical content, regardless of the caller; null when no visible hospital has any with this id.
    /// </summary>
    internal static async Task<AuditSubject?> FindAsync(ClinicalDb db, Guid id, CancellationToken ct) => await db.Database.SqlQuery<Subject>($"""
        SELECT hospital_id AS "HospitalId", patient_id AS "PatientId" FROM medical_records WHERE id = {id}
        UNION ALL SELECT hospital_id, patient_id FROM treatments WHERE id = {id}
        UNION ALL SELECT hospital_id, patient_id FROM appointments WHERE id = {id}
        UNION ALL SELECT hospital_id, patient_id FROM referrals WHERE id = {id}
        UNION ALL SELECT hospital_id, patient_id FROM emergency_overrides WHERE id = {id}
        UNION ALL SELECT hospital_id, patient_id FROM representatives WHERE id = {id}
        """).FirstOrDefaultAsync(ct) is { } found ? new(found.HospitalId, found.PatientId) : null;

    private sealed record Subject(Guid HospitalId, Guid PatientId);
}
