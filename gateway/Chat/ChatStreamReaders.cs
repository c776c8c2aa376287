using MedCor.ServiceDefaults.Chats;

namespace MedCor.Gateway.Chat;

/// <summary>The calls that are being read at this gateway.</summary>
internal sealed class ChatStreamReaders(ChatStreamStore streams, TimeProvider clock, ILogger<ChatStreamReaders> log)
{
    private readonly Lock turn = new();
    private readonly Dictionary<Guid, ChatStreamReader> readers = [];

    /// <summary>Reads along, until <see cref="Release"/>.</summary>
    public ChatStreamReader Acquire(Guid call)
    {
        lock (turn)
        {
            if (!readers.TryGetValue(call, out var tail) || tail.HasFailed) readers[call] = tail = new(call, streams, clock, log);
            tail.Readers++;
            return tail;
        }
    }

    /// <summary>A reader is gone. With the last one goes what was kept for them.</summary>
    public void Release(Guid call, ChatStreamReader tail)
    {
        lock (turn)
        {
            if (--tail.Readers > 0) return;
            if (readers.GetValueOrDefault(call) == tail) readers.Remove(call);
            tail.Dispose();
        }
    }
}
