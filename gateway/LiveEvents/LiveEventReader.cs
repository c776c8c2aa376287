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

    private readonly Lock _lock = new();
    private readonly Dictionary<string, StreamFanOut> _streamFanOuts = [];
    private readonly SemaphoreSlim _wakeSignal = new(0);
    private volatile bool _mayHaveLostEvents;
    private int _isWoken;
    private long? _epoch;

    /// <summary>
    /// Subscribes a subscriber to its streams: it receives all events published after this method completes and, when it resumes, first the events missed
    /// since its position. Throws while Redis is unavailable and the start position cannot be determined.
    /// </summary>
    public async Task<StreamSubscription> SubscribeAsync(EventSubscriber subscriber, ResumeToken? after = null)
    {
        var fanOuts = subscriber.Streams.Select(GetFanOut).ToArray();
        foreach (var fanOut in fanOuts) await fanOut.Started;
        var subscription = after is null
            ? LiveEvents.StreamSubscription.StartNow(subscriber, streams, fanOuts, clock)
            : await LiveEvents.StreamSubscription.ResumeAfterAsync(after, subscriber, streams, fanOuts, clock);
        return subscriber.Subscription = subscription;
    }

    private StreamFanOut GetFanOut(string stream)
    {
        lock (_lock)
        {
            if (!_streamFanOuts.TryGetValue(stream, out var fanOut) || fanOut.Started.IsFaulted)
                _streamFanOuts[stream] = fanOut = new StreamFanOut(stream, streams, clock);
            fanOut.LastUsedAt = clock.GetUtcNow();
            return fanOut;
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

        var lastPollAt = default(DateTimeOffset);
        while (!ct.IsCancellationRequested)
        {
            try
            {
                var mayHaveLostEvents = _mayHaveLostEvents;
                var all = mayHaveLostEvents || clock.GetUtcNow() - lastPollAt >= PollInterval;
                if (all)
                {
                    // Reset before the check, so that a loss during the check leads to another one.
                    _mayHaveLostEvents = false;
                    // A stream without new entries does not show a new epoch.
                    var now = await streams.GetEpochAsync();
                    if (mayHaveLostEvents || now != _epoch) await DetectLossAsync();
                    (_epoch, lastPollAt) = (now, clock.GetUtcNow());
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
        lock (_lock)
        {
            if (stream is null) _mayHaveLostEvents = true;
            else
            {
                if (_streamFanOuts.TryGetValue(stream, out var fanOut)) fanOut.HasNewEntries = true;
                if (_streamFanOuts.TryGetValue(LiveEventStore.AllStream, out var allStreams)) allStreams.HasNewEntries = true;
                if (fanOut is null && allStreams is null) return;
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
                var fanOut = byName[stream];
                foreach (var entry in entries) fanOut.Publish(entry);
                if (entries.Count == BatchSize) more = fanOut.HasNewEntries = true;
            }
        }
        return more;
    }

    private List<StreamFanOut> GetDueStreams(bool all)
    {
        lock (_lock)
        {
            var now = clock.GetUtcNow();
            foreach (var idle in _streamFanOuts.Values.Where(t => now - t.LastUsedAt > IdleRetention && t.IsIdle).ToArray()) _streamFanOuts.Remove(idle.Stream);
            List<StreamFanOut> due = [.. _streamFanOuts.Values.Where(t => t.Started.IsCompletedSuccessfully && (all || t.HasNewEntries))];
            foreach (var fanOut in due) fanOut.HasNewEntries = false;
            return due;
        }
    }

    /// <summary>
    /// Detects loss after Redis was unavailable or in a new epoch: a stream that no longer ends at or after the position that was read may have lost
    /// entries.
    /// </summary>
    private async Task DetectLossAsync()
    {
        foreach (var fanOut in GetDueStreams(all: true))
        {
            var (end, position) = (await streams.GetEndAsync(fanOut.Stream), fanOut.Position);
            if (end.Epoch == position.Epoch && end.Number >= position.Number) continue;
            LogEventsLost(log);
            fanOut.HandleLoss(end);
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

    [LoggerMessage(6022, LogLevel.Warning, "Redis has lost live events; the affected subscribers are told to reload")]
    private static partial void LogEventsLost(ILogger log);
}
