using MedCor.ChatStreams;

namespace MedCor.Gateway.Chat;

/// <summary>Holds the <see cref="ChatStreamReader"/> of each call that clients are reading at this gateway.</summary>
internal sealed class ChatStreamReaders(ChatStreamStore streams, TimeProvider clock, ILogger<ChatStreamReaders> log)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<Guid, ChatStreamReader> _readers = [];

    /// <summary>Returns the reader of a call, creating it if necessary. The caller must call <see cref="Release"/> when done.</summary>
    public ChatStreamReader Acquire(Guid runId)
    {
        lock (_lock)
        {
            if (!_readers.TryGetValue(runId, out var reader) || reader.HasFailed) _readers[runId] = reader = new(runId, streams, clock, log);
            reader.Readers++;
            return reader;
        }
    }

    /// <summary>Releases a reader. The last release disposes it and its buffered frames.</summary>
    public void Release(Guid runId, ChatStreamReader reader)
    {
        lock (_lock)
        {
            if (--reader.Readers > 0) return;
            if (_readers.GetValueOrDefault(runId) == reader) _readers.Remove(runId);
            reader.Dispose();
        }
    }
}
