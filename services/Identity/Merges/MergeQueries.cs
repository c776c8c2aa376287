using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.Identity.Accounts;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Merges;

/// <summary>Reads the patients of a merge and the merges that have to be complete before another one begins.</summary>
internal static class MergeQueries
{
    /// <summary>
    /// Locks two patients until the transaction ends, so that of two merges of one patient the second sees the first. Throws <see cref="NotFound"/> when one of
    /// them is no patient whom the caller may see.
    /// </summary>
    internal static async Task<(Account Surviving, Account Merged)> LockPatientsAsync(this IdentityDb db, Guid survivingId, Guid mergedId, CancellationToken ct)
    {
        Guid[] ids = [survivingId, mergedId];
        await db.Database.ExecuteSqlAsync($"SELECT FROM users WHERE id = ANY ({ids}) ORDER BY id FOR UPDATE", ct);
        var patients = await db.Accounts.Where(a => ids.Contains(a.Id) && a.Role == Role.Patient).ToListAsync(ct);
        return (Find(survivingId), Find(mergedId));

        Account Find(Guid id) => patients.SingleOrDefault(a => a.Id == id) ?? throw new NotFound("patient");
    }

    /// <summary>Returns the latest merge of two patients; null when they were never merged.</summary>
    internal static Task<Merge?> FindMergeAsync(this IdentityDb db, Guid survivingId, Guid mergedId, CancellationToken ct) => db.Merges
        .Where(m => m.SurvivingId == survivingId && m.MergedId == mergedId).OrderByDescending(m => m.CreatedAt).ThenByDescending(m => m.Id)
        .FirstOrDefaultAsync(ct);

    /// <summary>
    /// Throws <see cref="Conflict"/> while services are moving rows of another merge from which this one would follow: of the merged patient, of patients who
    /// were merged into that one, or of the surviving patient into another. Services may hear of the two in any order.
    /// </summary>
    internal static async Task EnsureOthersAreCompleteAsync(this IdentityDb db, Guid survivingId, Guid mergedId, Guid? exceptId, CancellationToken ct)
    {
        if (await db.Merges.AnyAsync(m => (m.MergedId == mergedId || m.SurvivingId == mergedId || m.MergedId == survivingId) && m.Id != exceptId
            && (m.Status == PatientMergeStatus.Merging || m.Status == PatientMergeStatus.Unmerging), ct))
            throw new Conflict("Another merge of these patients is still under way. Retry shortly.") { RetryAfter = 1 };
    }
}
