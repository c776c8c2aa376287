using MedCor.ServiceDefaults.Chats;

namespace MedCor.Gateway.Chat;

/// <summary>The calls that are being read at this gateway.</summary>
internal sealed class CallTails(CallStreams streams, TimeProvider clock, ILogger<CallTails> log)
{
    private readonly Lock turn = new();
    private readonly Dictionary<Guid, CallTail> tails = [];

    /// <summary>Reads along, until <see cref="Leave"/>.</summary>
    public CallTail Join(Guid call)
    {
        lock (turn)
        {
            if (!tails.TryGetValue(call, out var tail) || tail.IsBroken) tails[call] = tail = new(call, streams, clock, log);
            tail.Readers++;
            return tail;
        }
    }

    /// <summary>A reader is gone. With the last one goes what was kept for them.</summary>
    public void Leave(Guid call, CallTail tail)
    {
        lock (turn)
        {
            if (--tail.Readers > 0) return;
            if (tails.GetValueOrDefault(call) == tail) tails.Remove(call);
            tail.Dispose();
        }
    }
}
