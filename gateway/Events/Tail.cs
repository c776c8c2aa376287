namespace MedCor.Gateway.Events;

/// <summary>How far one stream has been read here, and for whom.</summary>
internal sealed class Tail
{
    /// <summary>What is kept in memory for those who come back within moments, as everybody does when a replica went down.</summary>
    private const int MostRecent = 256;
    private const int MostRecentBytes = 1024 * 1024;

    /// <summary>How often at most is told of what an earlier version writes, which may be all that happens while gateways are replaced.</summary>
    private static readonly TimeSpan Between = TimeSpan.FromSeconds(1);

    private readonly TimeProvider clock;
    private readonly Lock turn = new();
    private readonly Dictionary<Listener, (int Stream, StreamId After)> listeners = [];
    private readonly Queue<LiveStreams.Entry> recent = [];
    private int recentBytes;
    private int seats;
    private DateTimeOffset toldOfEarlier;
    private ITimer? tellLater;
    private StreamId position;

    public Tail(string stream, LiveStreams streams, TimeProvider clock)
    {
        (Stream, this.clock) = (stream, clock);
        Started = Start(streams);
    }

    public string Stream { get; }

    /// <summary>Completes once the place to start from is known.</summary>
    public Task Started { get; }

    public bool HasGrown { get; set; }

    public DateTimeOffset UsedAt { get; set; }

    /// <summary>Whether nobody sits here, be it that they hear it or still catch up with it.</summary>
    public bool IsIdle
    {
        get
        {
            lock (turn) return seats == 0;
        }
    }

    /// <summary>The last place whose event has been handed to all listeners.</summary>
    public StreamId Position
    {
        get
        {
            lock (turn) return position;
        }
    }

    /// <summary>Whether gaps are told of: not in the answers of tools, which are only copies, and kept for minutes.</summary>
    private bool TellsGaps => !LiveStreams.AreAnswers(Stream);

    /// <summary>Is followed for as long as somebody sits here.</summary>
    public void Sit()
    {
        lock (turn) seats++;
    }

    /// <summary>Hears from now on; tells from where that is.</summary>
    public StreamId Join(Listener listener, int index)
    {
        lock (turn)
        {
            listeners[listener] = (index, position);
            return position;
        }
    }

    /// <summary>
    /// Hears all after a place. False when what lies between is not in memory any more, and must be read. What is, has then been told already and is
    /// <paramref name="missed"/>.
    /// </summary>
    public bool TryJoin(Listener listener, int index, StreamId after, out IReadOnlyList<LiveStreams.Entry> missed)
    {
        lock (turn)
        {
            missed = [];
            if (after < position)
            {
                if (!recent.TryPeek(out var first) || first.Id > after && !first.Id.Follows(after)) return false;
                missed = [.. recent.Where(e => e.Id > after)];
            }
            // A replica that read on before this one may have told them more than has arrived here.
            listeners[listener] = (index, after > position ? after : position);
            return true;
        }
    }

    public void Leave(Listener listener)
    {
        lock (turn)
        {
            seats--;
            listeners.Remove(listener);
            UsedAt = clock.GetUtcNow();
        }
    }

    /// <summary>Hands an event to those whom it is for.</summary>
    public void Deliver(LiveStreams.Entry entry)
    {
        lock (turn)
        {
            // What an earlier version wrote, which said more, is told of as lost.
            var isTold = entry.At is not null;
            if (HasGap(position, entry.Id)) TellGap(entry.Id.Epoch);
            if (!isTold && TellsGaps) TellOfEarlier();
            foreach (var (listener, (index, after)) in listeners)
                if (isTold && entry.Id > after && listener.Wants(entry.Event)) listener.Offer(new(entry.Event, index, entry.Id));
            position = entry.Id;
            Remember(entry);
        }
    }

    /// <summary>Whether something is to be told of between two events that one hears one after the other.</summary>
    public bool HasGap(StreamId from, StreamId to) => TellsGaps && !to.Follows(from);

    /// <summary>What was not read yet may be lost. Whatever is left of it is read still.</summary>
    /// <param name="end">Where the stream ends now.</param>
    public void MayHaveLost(StreamId end)
    {
        lock (turn)
        {
            if (TellsGaps) TellGap(end.Epoch);
            if (end.Epoch >= position.Epoch) return;

            // Redis has lost its clock as well. Reading on from here would find nothing.
            position = new(end.Epoch, 0);
            recent.Clear();
            recentBytes = 0;
            foreach (var (listener, (index, _)) in listeners.ToArray()) listeners[listener] = (index, position);
        }
    }

    /// <summary>Lets a listener's place move on, beyond events that were not for them.</summary>
    public void Mark(Listener listener)
    {
        lock (turn)
            if (listeners.TryGetValue(listener, out var joined) && position > joined.After) listener.Offer(new(null, joined.Stream, position));
    }

    private async Task Start(LiveStreams streams)
    {
        var end = await streams.End(Stream);
        lock (turn) position = end;
    }

    private void TellGap(long epoch)
    {
        var notice = LiveEvent.Reload(clock.GetUtcNow());
        foreach (var (listener, _) in listeners)
            if (listener.LearnsOfGap(epoch)) listener.Offer(Heard.Aside(notice));
    }

    /// <summary>Tells of what an earlier version wrote: each time, since who loaded anew after the last cannot know of this; but where it is much, once for all of a second.</summary>
    private void TellOfEarlier()
    {
        if (tellLater is not null) return;
        var wait = toldOfEarlier + Between - clock.GetUtcNow();
        if (wait <= TimeSpan.Zero)
        {
            TellAll();
            return;
        }
        tellLater = clock.CreateTimer(_ =>
        {
            lock (turn)
            {
                tellLater?.Dispose();
                tellLater = null;
                TellAll();
            }
        }, null, wait, Timeout.InfiniteTimeSpan);

        void TellAll()
        {
            toldOfEarlier = clock.GetUtcNow();
            foreach (var (listener, _) in listeners) listener.Offer(Heard.Aside(LiveEvent.Reload(toldOfEarlier)));
        }
    }

    private void Remember(LiveStreams.Entry entry)
    {
        recent.Enqueue(entry);
        recentBytes += entry.Event.Frame.Length;
        while (recent.Count > MostRecent || (recentBytes > MostRecentBytes && recent.Count > 1)) recentBytes -= recent.Dequeue().Event.Frame.Length;
    }
}
