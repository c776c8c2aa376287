using MedCor.ChatStreams;

namespace MedCor.Gateway.Chat;

/// <summary>Holds the <see cref="ChatStreamReader"/> of each call that clients are reading at this gateway.</summary>
internal sealed class ChatStreamReaders(ChatStreamStore streams, TimeProvider clock, ILogger<ChatStreamReaders> log)
{
    private readonly Lock _turn = new();
    private readonly Dictionary<Guid, ChatStreamReader> _readers = [];

    /// <summary>Returns the reader of a call, creating it if necessary. The caller must call <see cref="Release"/> when done.</summary>
    public ChatStreamReader Acquire(Guid call)
    {
        lock (_turn)
        {
            if (!_readers.TryGetValue(call, out var tail) || tail.HasFailed) _readers[call] = tail = new(call, streams, clock, log);
            tail.Readers++;
            return tail;
        }
    }

    /// <summary>Releases a reader. The last release disposes it and its buffered frames.</summary>
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
