using MedCor.Platform.Retention;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Platform.Messaging;

/// <summary>Deletes events that were published. They hold people's data, so they stay only as long as somebody may look for one that went astray.</summary>
internal sealed class OutboxRetention(DbContext db) : IRetentionPolicy
{
    private static readonly TimeSpan Retention = TimeSpan.FromDays(7);

    /// <inheritdoc/>
    public Task<int> DeleteExpiredAsync(DateTimeOffset now, int atMost, CancellationToken ct) =>
        db.Database.ExecuteSqlAsync($"DELETE FROM outbox WHERE position IN (SELECT position FROM outbox WHERE dispatched_at < {now - Retention} LIMIT {atMost})", ct);
}

/// <summary>Deletes the ids of events that were handled, later than any broker would deliver one once more.</summary>
internal sealed class InboxRetention(DbContext db) : IRetentionPolicy
{
    private static readonly TimeSpan Retention = TimeSpan.FromDays(60);

    /// <inheritdoc/>
    public Task<int> DeleteExpiredAsync(DateTimeOffset now, int atMost, CancellationToken ct) =>
        db.Database.ExecuteSqlAsync($"DELETE FROM inbox WHERE event_id IN (SELECT event_id FROM inbox WHERE handled_at < {now - Retention} LIMIT {atMost})", ct);
}
