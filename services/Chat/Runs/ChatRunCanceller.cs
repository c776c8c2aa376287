using MedCor.ChatStreams;
using MedCor.Contracts.Chat;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Chat.Runs;

/// <summary>Ends calls at their owner's wish, wherever they are carried out.</summary>
internal sealed class ChatRunCanceller(ChatDb db, ChatStreamStore streams)
{
    private const int MaxAtOnce = 1000;

    /// <summary>Ends a call. Gives how it has ended: one that had an answer by then keeps it. Throws <see cref="ChatRunNotFound"/>.</summary>
    public async Task<string> CancelAsync(ChatRunOwner owner, Guid call, CancellationToken ct)
    {
        if ((await streams.CancelAsync(call, owner)).State is { } state) return ChatRunStarter.ToWireName(state);
        db.Tenancy.Enter(owner.HospitalId);
        var kept = await db.Runs.Where(c => c.HospitalId == owner.HospitalId && c.OwnerId == owner.UserId && c.Id == call).Select(c => (ChatRunState?)c.State).SingleOrDefaultAsync(ct);
        // What Redis has lost nobody carries out any more.
        return ChatRunStarter.ToWireName(kept switch { null => throw new ChatRunNotFound(call.ToString()), ChatRunState.Started => ChatRunState.Error, { } ended => ended });
    }

    /// <summary>Ends all calls of an owner that are under way, and tells which.</summary>
    public async Task<CancelledCalls> CancelAllAsync(ChatRunOwner owner, CancellationToken ct)
    {
        db.Tenancy.Enter(owner.HospitalId);
        var underWay = await db.Runs.Where(c => c.HospitalId == owner.HospitalId && c.OwnerId == owner.UserId && c.State == ChatRunState.Started)
            .OrderBy(c => c.CreatedAt).Select(c => c.Id).Take(MaxAtOnce).ToListAsync(ct);
        var ended = await Task.WhenAll(underWay.Select(async id => (Id: id, ByThis: (await streams.CancelAsync(id, owner)).EndedByThisCall)));
        Guid[] ids = [.. ended.Where(e => e.ByThis).Select(e => e.Id)];
        return new(ChatRunStarter.ToWireName(ChatRunState.Cancelled), ids.Length, ids);
    }
}
