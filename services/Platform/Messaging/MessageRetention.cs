using MedCor.Platform.Retention;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Platform.Messaging;

/// <summary>Deletes published events. Events contain personal data, so they are kept only as long as someone may need to investigate a lost one.</summary>
internal sealed class OutboxRetention(DbContext db) : IRetentionPolicy
{
    internal static readonly TimeSpan Retention = TimeSpan.FromDays(7);

    /// <inheritdoc/>
    public Task<int> DeleteExpiredAsync(DateTimeOffset now, int maxCount, CancellationToken ct) =>
        db.Database.ExecuteSqlAsync(
            $"DELETE FROM outbox WHERE position IN (SELECT position FROM outbox WHERE dispatched_at < {now - Retention} LIMIT {maxCount})", ct);
}

/// <summary>Deletes the IDs of handled events, after a time in which no broker would still redeliver them.</summary>
internal sealed class InboxRetention(DbContext db) : IRetentionPolicy
{
    internal static readonly TimeSpan Retention = TimeSpan.FromDays(60);

    /// <inheritdoc/>
    public Task<int> DeleteExpiredAsync(DateTimeOffset now, int maxCount, CancellationToken ct) =>
        db.Database.ExecuteSqlAsync($"DELETE FROM inbox WHERE event_id IN (SELECT event_id FROM inbox WHERE handled_at < {now - Retention} LIMIT {maxCount})",
            ct);
}
