using Microsoft.EntityFrameworkCore;

namespace MedCor.Chat.ToolUse;

/// <summary>Stores the changes that the model proposes, where every replica can answer them.</summary>
internal sealed class ConfirmationStore(IServiceScopeFactory scopes, TimeProvider clock)
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
        while (true)
        {
            var (state, result) = await ReadAsync(confirmation, ct);
            if (state is ConfirmationState.Done or ConfirmationState.Failed or ConfirmationState.Declined or ConfirmationState.Expired) return (state, result);
            var now = clock.GetUtcNow();
            if (state == ConfirmationState.Pending && now > confirmation.ExpiresAt) await ExpireAsync(confirmation, ct);
            else if (now > confirmation.ExpiresAt + OutcomeTimeout) return (ConfirmationState.Confirmed, null);
            await timer.WaitForNextTickAsync(ct);
        }
    }

    /// <summary>Moves a proposal from one state to another. Returns false when it is no longer in the first.</summary>
    public static async Task<bool> TryMoveAsync(ChatDb db, Confirmation confirmation, ConfirmationState from, ConfirmationState to, string? result = null)
    {
        var (hospital, id) = (confirmation.HospitalId, confirmation.Id);
        return await db.Confirmations.Where(c => c.HospitalId == hospital && c.Id == id && c.State == from).ExecuteUpdateAsync(set => set
            .SetProperty(c => c.State, to).SetProperty(c => c.Result, result).SetProperty(c => c.Version, c => c.Version + 1)) == 1;
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

    private static ChatDb OpenDb(AsyncServiceScope scope, Guid hospital)
    {
        var db = scope.ServiceProvider.GetRequiredService<ChatDb>();
        db.Tenancy.Enter(hospital);
        return db;
    }
}
