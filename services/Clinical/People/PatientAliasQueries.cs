using Microsoft.EntityFrameworkCore;

namespace MedCor.Clinical.People;

/// <summary>Queries for whom the IDs of merged patients stand.</summary>
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
}
