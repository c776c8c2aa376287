using Microsoft.EntityFrameworkCore;

namespace MedCor.Clinical.People;

/// <summary>Queries for whom the IDs of merged patients stand, and which IDs stand for a patient.</summary>
internal static class PatientAliasQueries
{
    /// <summary>Returns the ID of the patient with whom a merged one goes on, perhaps through several merges; null for one who was not merged.</summary>
    internal static async Task<Guid?> FindSurvivingPatientAsync(this ClinicalDb db, Guid patientId, CancellationToken ct)
    {
        Guid? survivingId = null;
        while (await db.PatientAliases.Where(a => a.MergedId == (survivingId ?? patientId) && a.IsMerged).Select(a => (Guid?)a.SurvivingId)
            .FirstOrDefaultAsync(ct) is { } next)
            survivingId = next;
        return survivingId;
    }

    /// <summary>Returns the ID of a patient and those of the duplicates that were merged into the patient, directly or one after the other.</summary>
    internal static async Task<Guid[]> FindIdsOfPatientAsync(this ClinicalDb db, Guid patientId, CancellationToken ct)
    {
        List<Guid> ids = [patientId], latest = [patientId];
        while (latest.Count > 0)
        {
            var surviving = latest;
            var merged = await db.PatientAliases.Where(a => surviving.Contains(a.SurvivingId) && a.IsMerged).Select(a => a.MergedId).ToListAsync(ct);
            latest = [.. merged.Except(ids)];
            ids.AddRange(latest);
        }
        return [.. ids];
    }
}
