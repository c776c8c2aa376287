using MedCor.Platform.Secrets;
using MedCor.ServiceDefaults.Errors;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Chat.ToolUse;

/// <summary>Stores the changes that the model proposes, where every replica can answer them.</summary>
internal sealed class ConfirmationStore(IServiceScopeFactory scopes, TextEncryption texts, TimeProvider clock)
{
    /// <summary>The time within which a proposal is answered. It is shorter than the silence after which a stream ends.</summary>
    internal static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(4);

    /// <summary>The time for which the outcome of a confirmed change is waited for.</summary>
    private static readonly TimeSpan OutcomeTimeout = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(500);

    /// <summary>Stores a proposal.</summary>
    public async Task<Confirmation> CreateAsync(ToolCaller caller, string tool, string arguments, CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = OpenDb(scope, caller.HospitalId);
        var confirmation = new Confirmation
        {
            HospitalId = caller.HospitalId, RunId = caller.RunId, OwnerId = caller.UserId, Tool = tool, Arguments = arguments,
            ExpiresAt = clock.GetUtcNow() + Lifetime,
        };
        db.Add(confirmation);
        await db.SaveChangesAsync(ct);
        return confirmation;
    }

    /// <summary>Waits until a proposal is answered and carried out, or has expired, and returns what became of it.</summary>
    public async Task<(ConfirmationState State, string? Result)> WaitAsync(Confirmation confirmation, CancellationToken ct)
    {
        using var timer = new PeriodicTimer(PollInterval, clock);
        DateTimeOffset? confirmedAt = null;
        while (true)
        {
            var now = clock.GetUtcNow();
            try
            {
                var (state, result) = await ReadAsync(confirmation, ct);
                if (state is not (ConfirmationState.Pending or ConfirmationState.Confirmed)) return (state, result);
                confirmedAt = state == ConfirmationState.Confirmed ? confirmedAt ?? now : null;
                if (state == ConfirmationState.Pending && now > confirmation.ExpiresAt) await ExpireAsync(confirmation, ct);
            }
            catch (Exception e) when (DependencyFailure.IsCauseOf(e) && now < confirmation.ExpiresAt + OutcomeTimeout)
            {
                // The database is away for a moment. The answer may be there already.
            }
            if (now > confirmedAt + OutcomeTimeout || now > confirmation.ExpiresAt + OutcomeTimeout) return (ConfirmationState.Confirmed, null);
            await timer.WaitForNextTickAsync(ct);
        }
    }

    /// <summary>Moves a proposal from one state to another. Returns false when it is no longer in the first.</summary>
    public async Task<bool> TryMoveAsync(ChatDb db, Confirmation confirmation, ConfirmationState from, ConfirmationState to, string? result = null)
    {
        var (hospital, id, stored) = (confirmation.HospitalId, confirmation.Id, Encrypt(confirmation, result));
        return await db.Confirmations.Where(c => c.HospitalId == hospital && c.Id == id && c.State == from).ExecuteUpdateAsync(set => set
            .SetProperty(c => c.State, to).SetProperty(c => c.Result, stored).SetProperty(c => c.Version, c => c.Version + 1)) == 1;
    }

    /// <summary>Records that a change was made, whatever else was recorded meanwhile.</summary>
    public Task RecordDoneAsync(ChatDb db, Confirmation confirmation)
    {
        var (hospital, id, stored) = (confirmation.HospitalId, confirmation.Id, Encrypt(confirmation, confirmation.Result));
        return db.Confirmations.Where(c => c.HospitalId == hospital && c.Id == id && c.State != ConfirmationState.Done).ExecuteUpdateAsync(set => set
            .SetProperty(c => c.State, ConfirmationState.Done).SetProperty(c => c.Result, stored).SetProperty(c => c.Version, c => c.Version + 1));
    }

    private async Task<(ConfirmationState, string?)> ReadAsync(Confirmation confirmation, CancellationToken ct)
    {
        var (hospital, id) = (confirmation.HospitalId, confirmation.Id);
        await using var scope = scopes.CreateAsyncScope();
        var stored = await OpenDb(scope, hospital).Confirmations.AsNoTracking().SingleAsync(c => c.HospitalId == hospital && c.Id == id, ct);
        return (stored.State, stored.Result);
    }

    private async Task ExpireAsync(Confirmation confirmation, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        await using var scope = scopes.CreateAsyncScope();
        await TryMoveAsync(OpenDb(scope, confirmation.HospitalId), confirmation, ConfirmationState.Pending, ConfirmationState.Expired);
    }

    private string? Encrypt(Confirmation confirmation, string? result) =>
        result is null ? null : texts.Encrypt(result, new(confirmation.HospitalId, "chat_confirmations.result", confirmation.Id.ToString()));

    private static ChatDb OpenDb(AsyncServiceScope scope, Guid hospital)
    {
        var db = scope.ServiceProvider.GetRequiredService<ChatDb>();
        db.Tenancy.Enter(hospital);
        return db;
    }
}
