using System.Collections.Immutable;
using System.Diagnostics;
using System.Text.Json.Nodes;
using MedCor.ServiceDefaults.Access;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace MedCor.Gateway.Events;

/// <summary>
/// Follows the streams that somebody listens to on this replica, and hands each new event to those whom it is for. Word that a stream grew comes
/// by publish and subscribe; once a second all are read without it, so that a lost word delays an event and loses none. While Redis is away
/// listeners stay connected, and afterwards reading goes on from where it was.
/// </summary>
internal sealed class Tailer(LiveStreams streams, TokenCheck tokens, IOptions<LiveOptions> options, IHostApplicationLifetime lifetime, TimeProvider clock, ILogger<Tailer> log) : BackgroundService
{
    private const int Batch = 200;
    private const int StreamsPerRead = 64;
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan KeptWithoutListeners = TimeSpan.FromSeconds(30);

    private readonly Lock turn = new();
    private readonly Dictionary<string, Tail> tails = [];
    private readonly SemaphoreSlim woken = new(0);
    private ImmutableHashSet<Seat> seats = [];
    private volatile bool doubtful;
    private int isWoken;

    /// <summary>
    /// Listens from now on: whatever happens after this completed is heard. Throws while Redis is away and the place to start from cannot be known.
    /// Dispose of the seat to stop.
    /// </summary>
    public async Task<Seat> Seat(Listener listener)
    {
        var followed = listener.Streams.Select(Follow).ToArray();
        foreach (var tail in followed) await tail.Started;
        lock (turn)
        {
            var seat = new Seat(this, listener, followed, clock.GetUtcNow());
            foreach (var tail in followed) tail.Listeners = tail.Listeners.Add(listener);
            seats = seats.Add(seat);
            if (lifetime.ApplicationStopping.IsCancellationRequested) listener.End(Ending.Stopping);
            return seat;
        }
    }

    internal void Leave(Seat seat)
    {
        lock (turn)
        {
            seats = seats.Remove(seat);
            foreach (var tail in seat.Tails)
            {
                tail.Listeners = tail.Listeners.Remove(seat.Listener);
                tail.UsedAt = clock.GetUtcNow();
            }
        }
    }

    private Tail Follow(string stream)
    {
        lock (turn)
        {
            if (!tails.TryGetValue(stream, out var tail) || tail.Started.IsFaulted) tails[stream] = tail = new Tail(stream, streams);
            tail.UsedAt = clock.GetUtcNow();
            return tail;
        }
    }

    protected override async Task ExecuteAsync(CancellationToken ct)
    {
        using var stopping = lifetime.ApplicationStopping.Register(() =>
        {
            lock (turn)
                foreach (var seat in seats) seat.Listener.End(Ending.Stopping);
        });
        await Task.WhenAll(Read(ct), Attend(ct));
    }

    private async Task Read(CancellationToken ct)
    {
        try
        {
            await streams.Watch(Wake);
        }
        catch (Exception e) when (e is RedisException or TimeoutException)
        {
            log.LogWarning("Redis is away; live events follow once it is back: {Kind}", e.GetType().Name);
        }

        var all = true;
        while (!ct.IsCancellationRequested)
        {
            try
            {
                if (doubtful)
                {
                    (doubtful, all) = (false, true);
                    await FindPlaces();
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
                all = !await woken.WaitAsync(Poll, ct);
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
            foreach (var idle in tails.Values.Where(t => t.Listeners.IsEmpty && now - t.UsedAt > KeptWithoutListeners).ToArray()) tails.Remove(idle.Stream);
            List<Tail> due = [.. tails.Values.Where(t => t.Started.IsCompletedSuccessfully && (all || t.HasGrown))];
            foreach (var tail in due) tail.HasGrown = false;
            return due;
        }
    }

    /// <summary>
    /// After Redis was away: a stream that now ends before the place that was reached has lost what it had, and its numbers begin anew.
    /// What was lost unread cannot be known, so listeners are told to load anew.
    /// </summary>
    private async Task FindPlaces()
    {
        foreach (var tail in Due(all: true))
        {
            var end = await streams.End(tail.Stream) ?? default;
            if (end >= tail.Position) continue;
            log.LogWarning("Redis came back without part of its live events.");
            tail.Position = end;
            var notice = LiveEvent.Error("Events may have been missed. Load anew what you show.", new JsonObject { ["reload"] = true }, clock.GetUtcNow());
            foreach (var listener in tail.Listeners) listener.Offer(new(notice, default, default));
        }
    }

    /// <summary>Looks after those who listen: a sign of life now and then, and an end when their token's time is over.</summary>
    private async Task Attend(CancellationToken ct)
    {
        using var timer = new PeriodicTimer(Tick, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(ct)) LookAfter(clock.GetUtcNow());
        }
        catch (OperationCanceledException)
        {
            // The process stops.
        }
    }

    private void LookAfter(DateTimeOffset now)
    {
        var interval = TimeSpan.FromSeconds(options.Value.HeartbeatSeconds);
        LiveEvent? beat = null;
        foreach (var seat in seats)
            try
            {
                if (!tokens.StillCounts(seat.Listener.Caller)) seat.Listener.End(Ending.Unauthenticated);
                else if (now - seat.LastBeat >= interval)
                {
                    seat.LastBeat = now;
                    seat.Listener.Offer(new(beat ??= LiveEvent.Heartbeat(now), seat.Tails[0].Position, seat.Tails.Length > 1 ? seat.Tails[1].Position : default));
                }
            }
            catch (Exception e) // whatever it is: one listener's trouble is not the others'
            {
                log.LogWarning("A listener is sent away: {Kind}", e.GetType().Name);
                seat.Listener.End(Ending.TooSlow);
            }
    }

    public override void Dispose()
    {
        woken.Dispose();
        base.Dispose();
    }
}

/// <summary>A listener's place at this replica.</summary>
internal sealed class Seat(Tailer tailer, Listener listener, Tail[] tails, DateTimeOffset since) : IDisposable
{
    public Listener Listener => listener;

    public Tail[] Tails => tails;

    public DateTimeOffset LastBeat { get; set; } = since;

    public void Dispose() => tailer.Leave(this);
}

/// <summary>How far one stream has been read here, and for whom.</summary>
internal sealed class Tail
{
    /// <summary>How many events are remembered in order to know one that was written twice.</summary>
    private const int Remembered = 512;

    private readonly Queue<string> order = new(Remembered);
    private readonly HashSet<string> known = new(Remembered);
    private readonly Lock turn = new();

    public Tail(string stream, LiveStreams streams)
    {
        Stream = stream;
        Started = Start(streams);
    }

    public string Stream { get; }

    /// <summary>Completes once the place to start from is known.</summary>
    public Task Started { get; }

    /// <summary>The last place whose event has been handed to all listeners.</summary>
    public StreamId Position
    {
        get
        {
            lock (turn) return field;
        }
        set
        {
            lock (turn) field = value;
        }
    }

    public ImmutableArray<Listener> Listeners { get; set; } = [];
    public bool HasGrown { get; set; }
    public DateTimeOffset UsedAt { get; set; }

    /// <summary>
    /// Hands an event to those whom it is for. An event whose writing was confirmed by nobody, because Redis went down with it, is written again: the
    /// second is dropped here.
    /// </summary>
    public void Deliver(LiveStreams.Entry entry)
    {
        if (known.Add(entry.Key))
        {
            order.Enqueue(entry.Key);
            if (order.Count > Remembered) known.Remove(order.Dequeue());
            foreach (var listener in Listeners)
                if (listener.Wants(entry.Event))
                    listener.Offer(Stream == listener.Streams[0] ? new(entry.Event, entry.Id, default) : new(entry.Event, default, entry.Id));
        }
        // Only now: a heartbeat that carries this place must come after the event.
        Position = entry.Id;
    }

    private async Task Start(LiveStreams streams) => Position = await streams.End(Stream) ?? default;
}
