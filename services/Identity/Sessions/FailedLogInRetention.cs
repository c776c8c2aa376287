using MedCor.Platform.Retention;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Sessions;

/// <summary>Deletes failed log-ins that are forgotten by now, and all but the latest: however many addresses somebody tries, the table stays small.</summary>
internal sealed class FailedLogInRetention(IdentityDb db) : IRetentionPolicy
{
    private const int MaxKept = 100_000;

    /// <inheritdoc/>
    public async Task<int> DeleteExpiredAsync(DateTimeOffset now, int atMost, CancellationToken ct)
    {
        var oldestKept = await db.FailedLogIns.OrderByDescending(f => f.LastAt).Skip(MaxKept).Select(f => (DateTimeOffset?)f.LastAt).FirstOrDefaultAsync(ct) ?? DateTimeOffset.MinValue;
        return await db.FailedLogIns.Where(f => f.LastAt < now - LockOut.ForgetAfter || f.LastAt <= oldestKept).OrderBy(f => f.LastAt).Take(atMost).ExecuteDeleteAsync(ct);
    }
}
