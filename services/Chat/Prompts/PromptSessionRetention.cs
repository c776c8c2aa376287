using MedCor.Platform.Retention;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Chat.Prompts;

internal sealed class PromptSessionRetention(ChatDb db) : IRetentionPolicy
{
    public Task<int> DeleteExpiredAsync(DateTimeOffset now, int maxCount, CancellationToken ct) => db.Database.ExecuteSqlAsync(
        $"DELETE FROM prompt_sessions WHERE (hospital_id, id) IN (SELECT hospital_id, id FROM prompt_sessions WHERE expires_at <= {now} LIMIT {maxCount})", ct);
}
