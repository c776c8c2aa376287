using MedCor.Platform.Retention;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Platform.Idempotency;

/// <summary>Deletes the records of requests whose idempotency key has expired.</summary>
internal sealed class IdempotencyRetention(DbContext db) : IRetentionPolicy
{
    /// <inheritdoc/>
    public Task<int> DeleteExpiredAsync(DateTimeOffset now, int maxCount, CancellationToken ct) =>
        db.Database.ExecuteSqlAsync($"""
            DELETE FROM recorded_calls
            WHERE ctid IN (SELECT ctid FROM recorded_calls WHERE recorded_at < {now - IdempotencyStore.Retention} LIMIT {maxCount})
            """, ct);
}
