using MedCor.Chat.Policies;
using MedCor.Chat.Prompts;
using MedCor.Chat.Runs;
using MedCor.Chat.ToolUse;
using MedCor.Platform.Database;
using MedCor.Platform.Messaging;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Chat;

internal sealed class ChatDb(DbContextOptions<ChatDb> options, TimeProvider clock, OutboxSignal signal)
    : TenantDb(options, clock, signal)
{
    internal IQueryable<StoredPromptSession> PromptSessions => Rows<StoredPromptSession>();

    internal IQueryable<ChatRun> Runs => Rows<ChatRun>();

    internal IQueryable<DailyUsage> DailyUsage => Rows<DailyUsage>();

    internal IQueryable<ChatPolicy> Policies => Rows<ChatPolicy>();

    internal IQueryable<Confirmation> Confirmations => Rows<Confirmation>();

    /// <summary>Returns the policy of a hospital, which has the defaults unless it has set another. Changes are not tracked.</summary>
    internal async Task<ChatPolicy> GetPolicyAsync(Guid hospital, CancellationToken ct) =>
        await Policies.AsNoTracking().SingleOrDefaultAsync(p => p.HospitalId == hospital, ct) ?? new() { HospitalId = hospital };

    /// <summary>
    /// Returns the runs of a session, the newest first, back to one that contains the whole conversation: no more than <paramref name="maxRuns"/> runs, and
    /// with no more than <paramref name="characters"/> characters in total. The database counts the characters, so that a long session is never read whole.
    /// </summary>
    internal IQueryable<ChatRun> SessionHistory(Guid hospital, Guid owner, string session, int maxRuns, int characters) => Rows<ChatRun>($"""
        SELECT * FROM (
            SELECT c.*,
                sum(coalesce(message_characters, length(messages)) + coalesce(answer_characters, length(answer))) OVER newest AS characters,
                count(*) FILTER (WHERE is_whole) OVER (newest ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS wholes
            FROM (
                SELECT * FROM chat_calls
                WHERE hospital_id = {hospital} AND owner_id = {owner} AND session_id = {session} AND state IN ('FINISHED', 'CANCELLED')
                ORDER BY created_at DESC LIMIT {maxRuns}) c
            WINDOW newest AS (ORDER BY created_at DESC, id DESC)) counted
        WHERE characters <= {characters} AND wholes = 0
        """).OrderByDescending(c => c.CreatedAt).ThenByDescending(c => c.Id).AsNoTracking();
}
