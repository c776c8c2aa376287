using MedCor.Platform.Retention;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.ServiceAccounts;

/// <summary>Deletes API keys 90 days after their end, and used client assertions once they have expired.</summary>
internal sealed class ServiceAccountRetention(IdentityDb db) : IRetentionPolicy
{
    internal static readonly TimeSpan KeptFor = TimeSpan.FromDays(90);

    /// <inheritdoc/>
    public async Task<int> DeleteExpiredAsync(DateTimeOffset now, int maxCount, CancellationToken ct)
    {
        var before = now - KeptFor;
        return await db.Database.ExecuteSqlAsync($"""
                DELETE FROM api_keys WHERE id IN (SELECT id FROM api_keys WHERE expires_at < {before} OR revoked_at < {before} LIMIT {maxCount})
                """, ct)
            + await db.Database.ExecuteSqlAsync($"""
                DELETE FROM used_assertions WHERE hash IN (SELECT hash FROM used_assertions WHERE expires_at < {now} LIMIT {maxCount})
                """, ct);
    }
}
