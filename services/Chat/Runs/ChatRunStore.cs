using System.Text.Json;
using MedCor.Chat.LanguageModel;
using MedCor.ChatStreams;
using MedCor.Contracts;
using MedCor.Contracts.Chat;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Chat.Runs;

/// <summary>Keeps what came of calls in the database, where it outlives Redis.</summary>
internal sealed class ChatRunStore(IServiceScopeFactory scopes, TimeProvider clock, ILogger<ChatRunStore> log)
{
    /// <summary>Keeps how a call ended, over what was kept of its end before. False when it cannot be kept now: who looks after calls does it later.</summary>
    public async Task<bool> SaveAsync(StartedRun started, ChatRunState state, ChatRunEnd? ending, string answer, TokenUsage usage)
    {
        try
        {
            await SaveAsync(started.RunId, started.Owner.HospitalId, isOpen: false, state, ending, answer, usage);
            return true;
        }
        catch (Exception e) // whatever it is: readers are not to go without their ending for it
        {
            log.LogWarning("The end of a chat call is not kept yet: {Kind}", e.GetType().Name);
            return false;
        }
    }

    /// <summary>Keeps how a call ended, if nothing is kept of its end.</summary>
    public Task SaveIfOpenAsync(Guid call, Guid hospital, ChatRunState state, ChatRunEnd? ending, string answer) => SaveAsync(call, hospital, isOpen: true, state, ending, answer, new());

    private async Task SaveAsync(Guid call, Guid hospital, bool isOpen, ChatRunState state, ChatRunEnd? ending, string answer, TokenUsage usage)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<ChatDb>();
        db.Tenancy.Enter(hospital);
        var now = clock.GetUtcNow();
        var why = ending is null ? null : JsonSerializer.Serialize(ending, Json.Options);
        await using var transaction = await db.Database.BeginTransactionAsync();
        var kept = await db.Runs.Where(c => c.HospitalId == hospital && c.Id == call && (!isOpen || c.State == ChatRunState.Started)).ExecuteUpdateAsync(set => set
            .SetProperty(c => c.State, state)
            .SetProperty(c => c.Answer, answer)
            .SetProperty(c => c.Ending, why)
            .SetProperty(c => c.TokensRead, usage.InputTokens)
            .SetProperty(c => c.TokensWritten, usage.OutputTokens)
            .SetProperty(c => c.EndedAt, now)
            .SetProperty(c => c.UpdatedAt, now)
            .SetProperty(c => c.Version, c => c.Version + 1));
        if (kept == 1) await TokenBudget.AdjustChargeAsync(db, hospital, call, await CountTokensAsync(db, hospital, call, state, answer, usage));
        await transaction.CommitAsync();
    }

    /// <summary>What a call took: as the model counts, otherwise as estimated. A model that refused or failed before its first word took nothing.</summary>
    private static async Task<int> CountTokensAsync(ChatDb db, Guid hospital, Guid call, ChatRunState state, string answer, TokenUsage usage) => (usage, state, answer) switch
    {
        ({ InputTokens: { } read, OutputTokens: { } written }, _, _) => read + written,
        (_, ChatRunState.Error, "") => 0,
        _ => await db.Runs.Where(c => c.HospitalId == hospital && c.Id == call).Select(c => c.TokensForeseen).SingleAsync() + TokenEstimate.Of(answer),
    };
}
