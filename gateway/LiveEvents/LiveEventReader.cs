using StackExchange.Redis;

namespace MedCor.Gateway.LiveEvents;

/// <summary>
/// Reads the streams that have subscribers at this replica, and delivers each new event to the subscribers that accept it. Redis notifies of new entries by
/// publish and subscribe; once a second all streams are read without a notification, so that a lost notification delays an event but loses none. While
/// Redis is unavailable, subscribers stay connected, and reading then resumes from the last position.
/// </summary>
internal sealed partial class LiveEventReader(LiveEventStore streams, TimeProvider clock, ILogger<LiveEventReader> log) : BackgroundService
{
    private const int BatchSize = 200;
    private const int StreamsPerRead = 64;
    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan IdleRetention = TimeSpan.FromSeconds(30);

    private readonly Lock _turn = new();
    private readonly Dictionary<string, StreamFanOut> _streamFanOuts = [];
    private readonly SemaphoreSlim _wakeSignal = new(0);
    private volatile bool _mayHaveLostEvents;
    private int _isWoken;
    private long? _epoch;

    /// <summary>
    /// Subscribes a subscriber to its streams: it receives all events published after this method completes and, when it resumes, first the events missed
    /// since its position. Throws while Redis is unavailable and the start position cannot be determined.
    /// </summary>
    public async Task<StreamSubscription> SubscribeAsync(EventSubscriber listener, ResumeToken? after = null)
    {
        var followed = listener.Streams.Select(GetFanOut).ToArray();
        foreach (var tail in followed) await tail.Started;
        var seat = after is null ? LiveEvents.StreamSubscription.StartNow(listener, streams, followed, clock) : await LiveEvents.StreamSubscription.ResumeAfterAsync(after, listener, streams, followed, clock);
        return listener.Subscription = seat;
    }

    private StreamFanOut GetFanOut(string stream)
    {
        lock (_turn)
        {
            if (!_streamFanOuts.TryGetValue(stream, out var tail) || tail.Started.IsFaulted) _streamFanOuts[stream] = tail = new StreamFanOut(stream, streams, clock);
            tail.LastUsedAt = clock.GetUtcNow();
            return tail;
        }
    }

    protected override async Task ExecuteAsync(CancellationToken ct)
    {
        try
        {
            await streams.SubscribeAsync(Wake);
        }
        catch (Exception e) when (e is RedisException or TimeoutException)
        {
            LogUnavailable(log, e.GetType().Name);
        }

        var looked = default(DateTimeOffset);
        while (!ct.IsCancellationRequested)
        {
            try
            {
                var isDoubtful = _mayHaveLostEvents;
                var all = isDoubtful || clock.GetUtcNow() - looked >= PollInterval;
                if (all)
                {
                    // Reset before the check, so that a loss during the check leads to another one.
                    _mayHaveLostEvents = false;
                    // A stream without new entries does not show a new epoch.
                    var now = await streams.GetEpochAsync();
                    if (isDoubtful || now != _epoch) await DetectLossAsync();
                    (_epoch, looked) = (now, clock.GetUtcNow());
                }
                while (await ReadOnceAsync(all)) all = false;
            }
            catch (Exception e) // any exception: this loop ends only with the process
            {
                LogReadFailed(log, e.GetType().Name);
                _mayHaveLostEvents = true;
            }
            try
            {
                await _wakeSignal.WaitAsync(PollInterval, ct);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            Volatile.Write(ref _isWoken, 0);
        }
    }

    private void Wake(string? stream)
    {
        lock (_turn)
        {
            if (stream is null) _mayHaveLostEvents = true;
            else
            {
                if (_streamFanOuts.TryGetValue(stream, out var tail)) tail.HasNewEntries = true;
                if (_streamFanOuts.TryGetValue(LiveEventStore.AllStream, out var everything)) everything.HasNewEntries = true;
                if (tail is null && everything is null) return;
            }
        }
        if (Interlocked.Exchange(ref _isWoken, 1) == 0) _wakeSignal.Release();
    }

    /// <summary>Reads new entries and returns whether there may be more.</summary>
    private async Task<bool> ReadOnceAsync(bool all)
    {
        var more = false;
        foreach (var due in GetDueStreams(all).Chunk(StreamsPerRead))
        {
            var byName = due.ToDictionary(t => t.Stream);
            foreach (var (stream, entries) in await streams.ReadAsync([.. due.Select(t => (t.Stream, t.Position))], BatchSize))
            {
                var tail = byName[stream];
                foreach (var entry in entries) tail.Publish(entry);
                if (entries.Count == BatchSize) more = tail.HasNewEntries = true;
            }
        }
        return more;
    }

    private List<StreamFanOut> GetDueStreams(bool all)
    {
        lock (_turn)
        {
            var now = clock.GetUtcNow();
            foreach (var idle in _streamFanOuts.Values.Where(t => now - t.LastUsedAt > IdleRetention && t.IsIdle).ToArray()) _streamFanOuts.Remove(idle.Stream);
            List<StreamFanOut> due = [.. _streamFanOuts.Values.Where(t => t.Started.IsCompletedSuccessfully && (all || t.HasNewEntries))];
            foreach (var tail in due) tail.HasNewEntries = false;
            return due;
        }
    }

    /// <summary>
    /// Detects loss after Redis was unavailable or in a new epoch: a stream that no longer ends at or after the position that was read may have lost
    /// entries.
    /// </summary>
    private async Task DetectLossAsync()
    {
        foreach (var tail in GetDueStreams(all: true))
        {
            var (end, reached) = (await streams.GetEndAsync(tail.Stream), tail.Position);
            if (end.Epoch == reached.Epoch && end.Number >= reached.Number) continue;
            LogEventsLost(log);
            tail.HandleLoss(end);
        }
    }

    public override void Dispose()
    {
        _wakeSignal.Dispose();
        base.Dispose();
    }

    [LoggerMessage(6020, LogLevel.Warning, "Redis is unavailable; live events are delivered once it is back: {Kind}")]
    private static partial void LogUnavailable(ILogger log, string kind);

    [LoggerMessage(6021, LogLevel.Warning, "Reading live events failed and is retried: {Kind}")]
    private static partial void LogReadFailed(ILogger log, string kind);

    [LoggerMessage(6022, LogLevel.Warning, "Redis has lost live events; the listeners concerned are told to reload")]
    private static partial void LogEventsLost(ILogger log);
}
