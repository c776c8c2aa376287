using StackExchange.Redis;

namespace MedCor.Gateway.Events;

/// <summary>
/// Follows the streams that somebody listens to on this replica, and hands each new event to those whom it is for. Word that a stream grew comes
/// by publish and subscribe; once a second all are read without it, so that a lost word delays an event and loses none. While Redis is away
/// listeners stay connected, and afterwards reading goes on from where it was.
/// </summary>
internal sealed class LiveEventReader(LiveEventStore streams, TimeProvider clock, ILogger<LiveEventReader> log) : BackgroundService
{
    private const int BatchSize = 200;
    private const int StreamsPerRead = 64;
    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan IdleRetention = TimeSpan.FromSeconds(30);

    private readonly Lock turn = new();
    private readonly Dictionary<string, StreamFanOut> streamFanOuts = [];
    private readonly SemaphoreSlim wakeSignal = new(0);
    private volatile bool mayHaveLostEvents;
    private int isWoken;
    private long? epoch;

    /// <summary>
    /// Gives a listener a seat: they hear whatever happens once this completed and, where they come back, first what they missed since their place. Throws while
    /// Redis is away and the place to start from cannot be known.
    /// </summary>
    public async Task<StreamSubscription> Subscribe(EventSubscriber listener, ResumeToken? after = null)
    {
        var followed = listener.Streams.Select(GetFanOut).ToArray();
        foreach (var tail in followed) await tail.Started;
        var seat = after is null ? Events.StreamSubscription.StartNow(listener, streams, followed, clock) : await Events.StreamSubscription.ResumeAfter(after, listener, streams, followed, clock);
        return listener.Subscription = seat;
    }

    private StreamFanOut GetFanOut(string stream)
    {
        lock (turn)
        {
            if (!streamFanOuts.TryGetValue(stream, out var tail) || tail.Started.IsFaulted) streamFanOuts[stream] = tail = new StreamFanOut(stream, streams, clock);
            tail.LastUsedAt = clock.GetUtcNow();
            return tail;
        }
    }

    protected override async Task ExecuteAsync(CancellationToken ct)
    {
        try
        {
            await streams.Subscribe(Wake);
        }
        catch (Exception e) when (e is RedisException or TimeoutException)
        {
            log.LogWarning("Redis is away; live events follow once it is back: {Kind}", e.GetType().Name);
        }

        var looked = default(DateTimeOffset);
        while (!ct.IsCancellationRequested)
        {
            try
            {
                var isDoubtful = mayHaveLostEvents;
                var all = isDoubtful || clock.GetUtcNow() - looked >= PollInterval;
                if (all)
                {
                    // Before the look: what becomes doubtful during it is looked at again.
                    mayHaveLostEvents = false;
                    // A stream in which nothing happens tells nothing of a new epoch.
                    var now = await streams.GetEpoch();
                    if (isDoubtful || now != epoch) await DetectLoss();
                    (epoch, looked) = (now, clock.GetUtcNow());
                }
                while (await ReadOnce(all)) all = false;
            }
            catch (Exception e) // whatever it is: this loop ends with the process alone
            {
                log.LogWarning("Streams could not be read, and are read again: {Kind}", e.GetType().Name);
                mayHaveLostEvents = true;
            }
            try
            {
                await wakeSignal.WaitAsync(PollInterval, ct);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            Volatile.Write(ref isWoken, 0);
        }
    }

    private void Wake(string? stream)
    {
        lock (turn)
        {
            if (stream is null) mayHaveLostEvents = true;
            else
            {
                if (streamFanOuts.TryGetValue(stream, out var tail)) tail.HasNewEntries = true;
                if (streamFanOuts.TryGetValue(LiveEventStore.AllStream, out var everything)) everything.HasNewEntries = true;
                if (tail is null && everything is null) return;
            }
        }
        if (Interlocked.Exchange(ref isWoken, 1) == 0) wakeSignal.Release();
    }

    /// <summary>Reads what is new, and tells whether there may be more.</summary>
    private async Task<bool> ReadOnce(bool all)
    {
        var more = false;
        foreach (var due in GetDueStreams(all).Chunk(StreamsPerRead))
        {
            var byName = due.ToDictionary(t => t.Stream);
            foreach (var (stream, entries) in await streams.Read([.. due.Select(t => (t.Stream, t.Position))], BatchSize))
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
        lock (turn)
        {
            var now = clock.GetUtcNow();
            foreach (var idle in streamFanOuts.Values.Where(t => now - t.LastUsedAt > IdleRetention && t.IsIdle).ToArray()) streamFanOuts.Remove(idle.Stream);
            List<StreamFanOut> due = [.. streamFanOuts.Values.Where(t => t.Started.IsCompletedSuccessfully && (all || t.HasNewEntries))];
            foreach (var tail in due) tail.HasNewEntries = false;
            return due;
        }
    }

    /// <summary>After Redis was away, or in a new epoch: a stream that ends elsewhere than beyond the place that was reached may have lost what it had.</summary>
    private async Task DetectLoss()
    {
        foreach (var tail in GetDueStreams(all: true))
        {
            var (end, reached) = (await streams.GetEnd(tail.Stream), tail.Position);
            if (end.Epoch == reached.Epoch && end.Number >= reached.Number) continue;
            log.LogWarning("Redis came back without part of its live events.");
            tail.HandleLoss(end);
        }
    }

    public override void Dispose()
    {
        wakeSignal.Dispose();
        base.Dispose();
    }
}
