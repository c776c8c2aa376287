using MedCor.ChatStreams;
using MedCor.Contracts.Chat;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Chat.Runs;

/// <summary>Cancels runs for their owner, on whichever replica they execute.</summary>
internal sealed class ChatRunCanceller(ChatDb db, ChatStreamStore streams)
{
    private const int MaxAtOnce = 1000;

    /// <summary>
    /// Cancels a run and returns how it ended: a run that had an answer by then keeps it. Throws <see cref="ChatRunNotFound"/> when the owner has no such run.
    /// </summary>
    public async Task<string> CancelAsync(ChatRunOwner owner, Guid runId, CancellationToken ct)
    {
        if ((await streams.CancelAsync(runId, owner)).State is { } state) return ChatRunStarter.ToWireName(state);
        db.Tenancy.Enter(owner.HospitalId);
        var saved = await db.Runs.Where(c => c.HospitalId == owner.HospitalId && c.OwnerId == owner.UserId && c.Id == runId).Select(c => (ChatRunState?)c.State)
            .SingleOrDefaultAsync(ct);
        // No replica executes a run that Redis has lost.
        return ChatRunStarter.ToWireName(
            saved switch { null => throw new ChatRunNotFound(runId.ToString()), ChatRunState.Started => ChatRunState.Error, { } ended => ended });
    }

    /// <summary>Cancels all unfinished runs of an owner, and returns those that this request ended.</summary>
    public async Task<CancelledCalls> CancelAllAsync(ChatRunOwner owner, CancellationToken ct)
    {
        db.Tenancy.Enter(owner.HospitalId);
        var openRuns = await db.Runs.Where(c => c.HospitalId == owner.HospitalId && c.OwnerId == owner.UserId && c.State == ChatRunState.Started)
            .OrderBy(c => c.CreatedAt).Select(c => c.Id).Take(MaxAtOnce).ToListAsync(ct);
        var ended = await Task.WhenAll(openRuns.Select(async id => (Id: id, ByThis: (await streams.CancelAsync(id, owner)).EndedByThisCall)));
        Guid[] ids = [.. ended.Where(e => e.ByThis).Select(e => e.Id)];
        return new(ChatRunStarter.ToWireName(ChatRunState.Cancelled), ids.Length, ids);
    }
}
