using MedCor.Platform.Retention;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Sessions;

/// <summary>
/// Deletes password attempts that <see cref="LockOut"/> no longer counts, and failed ones beyond the latest 100,000, so that the table stays small however many
/// addresses are tried.
/// </summary>
internal sealed class LogInAttemptRetention(IdentityDb db) : IRetentionPolicy
{
    private const int MaxKept = 100_000;

    /// <inheritdoc/>
    public async Task<int> DeleteExpiredAsync(DateTimeOffset now, int maxCount, CancellationToken ct)
    {
        var failed = db.LogInAttempts.Where(a => a.LoggedInAt == null || a.LoggedInAt < now - LockOut.KnownFor);
        var oldestKept = await failed.OrderByDescending(a => a.LastAt).Skip(MaxKept).Select(a => (DateTimeOffset?)a.LastAt).FirstOrDefaultAsync(ct)
            ?? DateTimeOffset.MinValue;
        return await failed.Where(a => a.LastAt < now - LockOut.ForgetAfter || a.LastAt <= oldestKept).OrderBy(a => a.LastAt)
            .Take(maxCount).ExecuteDeleteAsync(ct);
    }
}
