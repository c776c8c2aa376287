using MedCor.Contracts.Chat;
using MedCor.ServiceDefaults.Chats;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Chat.Calls;

/// <summary>Ends calls at their owner's wish, wherever they are carried out.</summary>
internal sealed class CancelCalls(ChatDb db, CallStreams streams)
{
    private const int MostAtOnce = 1000;

    /// <summary>Ends a call. Gives how it has ended: one that had an answer by then keeps it. Throws <see cref="CallNotFound"/>.</summary>
    public async Task<string> Cancel(CallOwner owner, Guid call, CancellationToken ct)
    {
        if ((await streams.Cancel(call, owner)).State is { } state) return BeginCall.Word(state);
        db.Tenancy.Enter(owner.HospitalId);
        var kept = await db.Calls.Where(c => c.HospitalId == owner.HospitalId && c.OwnerId == owner.UserId && c.Id == call).Select(c => (CallState?)c.State).SingleOrDefaultAsync(ct);
        // What Redis has lost nobody carries out any more.
        return BeginCall.Word(kept switch { null => throw new CallNotFound(call.ToString()), CallState.Started => CallState.Error, { } ended => ended });
    }

    /// <summary>Ends all calls of an owner that are under way, and tells which.</summary>
    public async Task<CancelledCalls> CancelAll(CallOwner owner, CancellationToken ct)
    {
        db.Tenancy.Enter(owner.HospitalId);
        var underWay = await db.Calls.Where(c => c.HospitalId == owner.HospitalId && c.OwnerId == owner.UserId && c.State == CallState.Started)
            .OrderBy(c => c.CreatedAt).Select(c => c.Id).Take(MostAtOnce).ToListAsync(ct);
        var ended = await Task.WhenAll(underWay.Select(async id => (Id: id, (await streams.Cancel(id, owner)).ByThis)));
        Guid[] ids = [.. ended.Where(e => e.ByThis).Select(e => e.Id)];
        return new(BeginCall.Word(CallState.Cancelled), ids.Length, ids);
    }
}
