using MedCor.Platform.Retention;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Chat.Runs;

/// <summary>Deletes runs after 30 days, because conversations contain what users say about themselves.</summary>
internal sealed class ChatRunRetention(ChatDb db) : IRetentionPolicy
{
    internal static readonly TimeSpan RetentionPeriod = TimeSpan.FromDays(30);

    public Task<int> DeleteExpiredAsync(DateTimeOffset now, int maxCount, CancellationToken ct)
    {
        var oldest = now - RetentionPeriod;
        return db.Database.ExecuteSqlAsync(
            $"DELETE FROM chat_calls WHERE (hospital_id, id) IN (SELECT hospital_id, id FROM chat_calls WHERE created_at < {oldest} LIMIT {maxCount})", ct);
    }
}
