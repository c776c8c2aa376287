using System.Text.Json;
using MedCor.Chat.LanguageModel;
using MedCor.ChatStreams;
using MedCor.Contracts;
using MedCor.Contracts.Chat;
using MedCor.Platform.Secrets;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Chat.Runs;

/// <summary>Saves the results of runs in the database, where they outlive Redis.</summary>
internal sealed partial class ChatRunStore(IServiceScopeFactory scopes, TextEncryption texts, TimeProvider clock, ILogger<ChatRunStore> log)
{
    /// <summary>
    /// Saves how a run ended, replacing an end that was saved before. Returns false when the end cannot be
    /// saved now; <see cref="RunReconciler"/> then saves it later.
    /// </summary>
    public async Task<bool> SaveAsync(StartedRun started, ChatRunState state, ChatRunEnd? ending, string answer, TokenUsage usage)
    {
        try
        {
            await SaveAsync(started.RunId, started.Owner.HospitalId, isOpen: false, state, ending, answer, usage);
            return true;
        }
        catch (Exception e) // any failure: readers must still receive the end of the run
        {
            LogNotSaved(log, e.GetType().Name);
            return false;
        }
    }

    /// <summary>Saves how a run ended, unless an end is already saved.</summary>
    public Task SaveIfOpenAsync(Guid runId, Guid hospital, ChatRunState state, ChatRunEnd? ending, string answer) =>
        SaveAsync(runId, hospital, isOpen: true, state, ending, answer, new());

    private async Task SaveAsync(Guid runId, Guid hospital, bool isOpen, ChatRunState state, ChatRunEnd? ending, string answer, TokenUsage usage)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<ChatDb>();
        db.Tenancy.Enter(hospital);
        var now = clock.GetUtcNow();
        var endingJson = ending is null ? null : JsonSerializer.Serialize(ending, Json.Options);
        var stored = answer.Length == 0 ? "" : texts.Encrypt(answer, new(hospital, ChatRun.AnswerColumn, runId.ToString()));
        await using var transaction = await db.Database.BeginTransactionAsync();
        var updatedCount = await db.Runs.Where(c => c.HospitalId == hospital && c.Id == runId && (!isOpen || c.State == ChatRunState.Started))
            .ExecuteUpdateAsync(set => set
                .SetProperty(c => c.State, state)
                .SetProperty(c => c.Answer, stored)
                .SetProperty(c => c.AnswerCharacters, answer.Length)
                .SetProperty(c => c.Ending, endingJson)
                .SetProperty(c => c.TokensRead, usage.InputTokens)
                .SetProperty(c => c.TokensWritten, usage.OutputTokens)
                .SetProperty(c => c.EndedAt, now)
                .SetProperty(c => c.UpdatedAt, now)
                .SetProperty(c => c.Version, c => c.Version + 1));
        if (updatedCount == 1) await TokenBudget.AdjustChargeAsync(db, hospital, runId, await CountTokensAsync(db, hospital, runId, state, answer, usage));
        await transaction.CommitAsync();
    }

    /// <summary>
    /// Returns the tokens that a run used: as the model counts, otherwise as estimated. A model that refused or failed before its first piece used none.
    /// </summary>
    private static async Task<int> CountTokensAsync(ChatDb db, Guid hospital, Guid runId, ChatRunState state, string answer, TokenUsage usage) =>
        (usage, state, answer) switch
        {
            ({ InputTokens: { } input, OutputTokens: { } output }, _, _) => input + output,
            _ => await EstimateTokensAsync(db, hospital, runId, state, answer),
        };

    private static async Task<int> EstimateTokensAsync(ChatDb db, Guid hospital, Guid runId, ChatRunState state, string answer)
    {
        var run = await db.Runs.Where(c => c.HospitalId == hospital && c.Id == runId)
            .Select(c => new { c.TokensForeseen, c.TokensCharged, MaxTokens = c.MaxTokens ?? 0 }).SingleAsync();
        // Rounds with tools were charged that only the lost process could count.
        if (run.TokensCharged > run.TokensForeseen + run.MaxTokens) return run.TokensCharged;
        return state == ChatRunState.Error && answer.Length == 0 ? 0 : run.TokensForeseen + TokenEstimate.Of(answer);
    }

    [LoggerMessage(5020, LogLevel.Warning, "Saving the end of a chat call failed; it is saved by the next reconciliation: {Kind}")]
    private static partial void LogNotSaved(ILogger log, string kind);
}
