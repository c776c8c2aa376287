using MedCor.Platform.Retention;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Sessions;

/// <summary>
/// Deletes failed logins that <see cref="LockOut"/> no longer counts, and all but the latest 100,000, so that
/// the table stays small however many addresses are tried.
/// </summary>
internal sealed class FailedLogInRetention(IdentityDb db) : IRetentionPolicy
{
    private const int MaxKept = 100_000;

    /// <inheritdoc/>
    public async Task<int> DeleteExpiredAsync(DateTimeOffset now, int maxCount, CancellationToken ct)
    {
        var oldestKept = await db.FailedLogIns.OrderByDescending(f => f.LastAt).Skip(MaxKept).Select(f => (DateTimeOffset?)f.LastAt).FirstOrDefaultAsync(ct)
            ?? DateTimeOffset.MinValue;
        return await db.FailedLogIns.Where(f => f.LastAt < now - LockOut.ForgetAfter || f.LastAt <= oldestKept).OrderBy(f => f.LastAt)
            .Take(maxCount).ExecuteDeleteAsync(ct);
    }
}
