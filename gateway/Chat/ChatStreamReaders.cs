using MedCor.ChatStreams;

namespace MedCor.Gateway.Chat;

/// <summary>The calls that are being read at this gateway.</summary>
internal sealed class ChatStreamReaders(ChatStreamStore streams, TimeProvider clock, ILogger<ChatStreamReaders> log)
{
    private readonly Lock _turn = new();
    private readonly Dictionary<Guid, ChatStreamReader> _readers = [];

    /// <summary>Reads along, until <see cref="Release"/>.</summary>
    public ChatStreamReader Acquire(Guid call)
    {
        lock (_turn)
        {
            if (!_readers.TryGetValue(call, out var tail) || tail.HasFailed) _readers[call] = tail = new(call, streams, clock, log);
            tail.Readers++;
            return tail;
        }
    }

    /// <summary>A reader is gone. With the last one goes what was kept for them.</summary>
    public void Release(Guid call, ChatStreamReader tail)
    {
        lock (_turn)
        {
            if (--tail.Readers > 0) return;
            if (_readers.GetValueOrDefault(call) == tail) _readers.Remove(call);
            tail.Dispose();
        }
    }
}
