using MedCor.ServiceDefaults.Database;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Chat.Calls;

/// <summary>Conversations hold what people tell of themselves, so they are forgotten a month after.</summary>
internal sealed class SweepCalls(ChatDb db) : ISweep
{
    private static readonly TimeSpan Kept = TimeSpan.FromDays(30);

    public Task<int> Sweep(DateTimeOffset now, int atMost, CancellationToken ct)
    {
        var oldest = now - Kept;
        return db.Database.ExecuteSqlAsync($"DELETE FROM chat_calls WHERE (hospital_id, id) IN (SELECT hospital_id, id FROM chat_calls WHERE created_at < {oldest} LIMIT {atMost})", ct);
    }
}
