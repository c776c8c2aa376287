using StackExchange.Redis;

namespace MedCor.Gateway.Events;

/// <summary>
/// Follows the streams that somebody listens to on this replica, and hands each new event to those whom it is for. Word that a stream grew comes
/// by publish and subscribe; once a second all are read without it, so that a lost word delays an event and loses none. While Redis is away
/// listeners stay connected, and afterwards reading goes on from where it was.
/// </summary>
internal sealed class Tailer(LiveStreams streams, TimeProvider clock, ILogger<Tailer> log) : BackgroundService
{
    private const int Batch = 200;
    private const int StreamsPerRead = 64;
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan KeptWithoutListeners = TimeSpan.FromSeconds(30);

    private readonly Lock turn = new();
    private readonly Dictionary<string, Tail> tails = [];
    private readonly SemaphoreSlim woken = new(0);
    private volatile bool doubtful;
    private int isWoken;
    private long? epoch;

    /// <summary>
    /// Gives a listener a seat: they hear whatever happens once this completed and, where they come back, first what they missed since their place. Throws while
    /// Redis is away and the place to start from cannot be known.
    /// </summary>
    public async Task<Seat> Seat(Listener listener, Place? after = null)
    {
        var followed = listener.Streams.Select(Follow).ToArray();
        foreach (var tail in followed) await tail.Started;
        var seat = after is null ? Events.Seat.FromNow(listener, streams, followed, clock) : await Events.Seat.After(after, listener, streams, followed, clock);
        return listener.Seat = seat;
    }

    private Tail Follow(string stream)
    {
        lock (turn)
        {
            if (!tails.TryGetValue(stream, out var tail) || tail.Started.IsFaulted) tails[stream] = tail = new Tail(stream, streams, clock);
            tail.UsedAt = clock.GetUtcNow();
            return tail;
        }
    }

    protected override async Task ExecuteAsync(CancellationToken ct)
    {
        try
        {
            await streams.Watch(Wake);
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
                var isDoubtful = doubtful;
                var all = isDoubtful || clock.GetUtcNow() - looked >= Poll;
                if (all)
                {
                    // Before the look: what becomes doubtful during it is looked at again.
                    doubtful = false;
                    // A stream in which nothing happens tells nothing of a new epoch.
                    var now = await streams.Epoch();
                    if (isDoubtful || now != epoch) await FindPlaces();
                    (epoch, looked) = (now, clock.GetUtcNow());
                }
                while (await ReadOnce(all)) all = false;
            }
            catch (Exception e) // whatever it is: this loop ends with the process alone
            {
                log.LogWarning("Streams could not be read, and are read again: {Kind}", e.GetType().Name);
                doubtful = true;
            }
            try
            {
                await woken.WaitAsync(Poll, ct);
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
            if (stream is null) doubtful = true;
            else
            {
                if (tails.TryGetValue(stream, out var tail)) tail.HasGrown = true;
                if (tails.TryGetValue(LiveStreams.All, out var everything)) everything.HasGrown = true;
                if (tail is null && everything is null) return;
            }
        }
        if (Interlocked.Exchange(ref isWoken, 1) == 0) woken.Release();
    }

    /// <summary>Reads what is new, and tells whether there may be more.</summary>
    private async Task<bool> ReadOnce(bool all)
    {
        var more = false;
        foreach (var due in Due(all).Chunk(StreamsPerRead))
        {
            var byName = due.ToDictionary(t => t.Stream);
            foreach (var (stream, entries) in await streams.Read([.. due.Select(t => (t.Stream, t.Position))], Batch))
            {
                var tail = byName[stream];
                foreach (var entry in entries) tail.Deliver(entry);
                if (entries.Count == Batch) more = tail.HasGrown = true;
            }
        }
        return more;
    }

    private List<Tail> Due(bool all)
    {
        lock (turn)
        {
            var now = clock.GetUtcNow();
            foreach (var idle in tails.Values.Where(t => now - t.UsedAt > KeptWithoutListeners && t.IsIdle).ToArray()) tails.Remove(idle.Stream);
            List<Tail> due = [.. tails.Values.Where(t => t.Started.IsCompletedSuccessfully && (all || t.HasGrown))];
            foreach (var tail in due) tail.HasGrown = false;
            return due;
        }
    }

    /// <summary>After Redis was away, or in a new epoch: a stream that ends elsewhere than beyond the place that was reached may have lost what it had.</summary>
    private async Task FindPlaces()
    {
        foreach (var tail in Due(all: true))
        {
            var (end, reached) = (await streams.End(tail.Stream), tail.Position);
            if (end.Epoch == reached.Epoch && end.Number >= reached.Number) continue;
            log.LogWarning("Redis came back without part of its live events.");
            tail.MayHaveLost(end);
        }
    }

    public override void Dispose()
    {
        woken.Dispose();
        base.Dispose();
    }
}
