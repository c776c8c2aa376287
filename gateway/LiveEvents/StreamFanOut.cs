namespace MedCor.Gateway.LiveEvents;

/// <summary>How far one stream has been read here, and for whom.</summary>
internal sealed class StreamFanOut
{
    /// <summary>What is kept in memory for those who come back within moments, as everybody does when a replica went down.</summary>
    private const int MaxRecentEntries = 256;
    private const int MaxRecentBytes = 1024 * 1024;

    /// <summary>How often at most is told of what an earlier version writes, which may be all that happens while gateways are replaced.</summary>
    private static readonly TimeSpan EarlierVersionNoticeInterval = TimeSpan.FromSeconds(1);

    private readonly TimeProvider _clock;
    private readonly Lock _turn = new();
    private readonly Dictionary<EventSubscriber, (int Stream, StreamId After)> _subscribers = [];
    private readonly Queue<LiveEventStore.StoredEvent> _recent = [];
    private int _recentBytes;
    private int _subscriptionCount;
    private DateTimeOffset _earlierVersionNoticeAt;
    private ITimer? _noticeTimer;
    private StreamId _position;

    public StreamFanOut(string stream, LiveEventStore streams, TimeProvider clock)
    {
        (Stream, _clock) = (stream, clock);
        Started = InitializeAsync(streams);
    }

    public string Stream { get; }

    /// <summary>Completes once the place to start from is known.</summary>
    public Task Started { get; }

    public bool HasNewEntries { get; set; }

    public DateTimeOffset LastUsedAt { get; set; }

    /// <summary>Whether nobody sits here, be it that they hear it or still catch up with it.</summary>
    public bool IsIdle
    {
        get
        {
            lock (_turn) return _subscriptionCount == 0;
        }
    }

    /// <summary>The last place whose event has been handed to all listeners.</summary>
    public StreamId Position
    {
        get
        {
            lock (_turn) return _position;
        }
    }

    /// <summary>Whether gaps are told of: not in the answers of tools, which are only copies, and kept for minutes.</summary>
    private bool ReportsGaps => !LiveEventStore.IsToolResponseStream(Stream);

    /// <summary>Is followed for as long as somebody sits here.</summary>
    public void AddSubscription()
    {
        lock (_turn) _subscriptionCount++;
    }

    /// <summary>Hears from now on; tells from where that is.</summary>
    public StreamId Attach(EventSubscriber listener, int index)
    {
        lock (_turn)
        {
            _subscribers[listener] = (index, _position);
            return _position;
        }
    }

    /// <summary>
    /// Hears all after a place. False when what lies between is not in memory any more, and must be read. What is, has then been told already and is
    /// <paramref name="missedEntries"/>.
    /// </summary>
    public bool TryAttach(EventSubscriber listener, int index, StreamId after, out IReadOnlyList<LiveEventStore.StoredEvent> missedEntries)
    {
        lock (_turn)
        {
            missedEntries = [];
            if (after < _position)
            {
                if (!_recent.TryPeek(out var first) || first.Id > after && !first.Id.IsNextAfter(after)) return false;
                missedEntries = [.. _recent.Where(e => e.Id > after)];
            }
            // A replica that read on before this one may have told them more than has arrived here.
            _subscribers[listener] = (index, after > _position ? after : _position);
            return true;
        }
    }

    public void Detach(EventSubscriber listener)
    {
        lock (_turn)
        {
            _subscriptionCount--;
            _subscribers.Remove(listener);
            LastUsedAt = _clock.GetUtcNow();
        }
    }

    /// <summary>Hands an event to those whom it is for.</summary>
    public void Publish(LiveEventStore.StoredEvent entry)
    {
        lock (_turn)
        {
            // What an earlier version wrote, which said more, is told of as lost.
            var isTold = entry.At is not null;
            if (HasGap(_position, entry.Id)) PublishGap(entry.Id.Epoch);
            if (!isTold && ReportsGaps) PublishEarlierVersionNotice();
            foreach (var (listener, (index, after)) in _subscribers)
                if (isTold && entry.Id > after && listener.Accepts(entry.Event)) listener.Enqueue(new(entry.Event, index, entry.Id));
            _position = entry.Id;
            KeepRecent(entry);
        }
    }

    /// <summary>Whether something is to be told of between two events that one hears one after the other.</summary>
    public bool HasGap(StreamId from, StreamId to) => ReportsGaps && !to.IsNextAfter(from);

    /// <summary>What was not read yet may be lost. Whatever is left of it is read still.</summary>
    /// <param name="end">Where the stream ends now.</param>
    public void HandleLoss(StreamId end)
    {
        lock (_turn)
        {
            if (ReportsGaps) PublishGap(end.Epoch);
            if (end.Epoch >= _position.Epoch) return;

            // Redis has lost its clock as well. Reading on from here would find nothing.
            _position = new(end.Epoch, 0);
            _recent.Clear();
            _recentBytes = 0;
            foreach (var (listener, (index, _)) in _subscribers.ToArray()) _subscribers[listener] = (index, _position);
        }
    }

    /// <summary>Lets a listener's place move on, beyond events that were not for them.</summary>
    public void AdvanceToken(EventSubscriber listener)
    {
        lock (_turn)
            if (_subscribers.TryGetValue(listener, out var joined) && _position > joined.After) listener.Enqueue(new(null, joined.Stream, _position));
    }

    private async Task InitializeAsync(LiveEventStore streams)
    {
        var end = await streams.GetEndAsync(Stream);
        lock (_turn) _position = end;
    }

    private void PublishGap(long epoch)
    {
        var notice = LiveEvent.Reload(_clock.GetUtcNow());
        foreach (var (listener, _) in _subscribers)
            if (listener.TryMarkGapReported(epoch)) listener.Enqueue(StreamItem.OutOfStream(notice));
    }

    /// <summary>Tells of what an earlier version wrote: each time, since who loaded anew after the last cannot know of this; but where it is much, once for all of a second.</summary>
    private void PublishEarlierVersionNotice()
    {
        if (_noticeTimer is not null) return;
        var wait = _earlierVersionNoticeAt + EarlierVersionNoticeInterval - _clock.GetUtcNow();
        if (wait <= TimeSpan.Zero)
        {
            TellAll();
            return;
        }
        _noticeTimer = _clock.CreateTimer(_ =>
        {
            lock (_turn)
            {
                _noticeTimer?.Dispose();
                _noticeTimer = null;
                TellAll();
            }
        }, null, wait, Timeout.InfiniteTimeSpan);

        void TellAll()
        {
            _earlierVersionNoticeAt = _clock.GetUtcNow();
            foreach (var (listener, _) in _subscribers) listener.Enqueue(StreamItem.OutOfStream(LiveEvent.Reload(_earlierVersionNoticeAt)));
        }
    }

    private void KeepRecent(LiveEventStore.StoredEvent entry)
    {
        _recent.Enqueue(entry);
        _recentBytes += entry.Event.Frame.Length;
        while (_recent.Count > MaxRecentEntries || (_recentBytes > MaxRecentBytes && _recent.Count > 1)) _recentBytes -= _recent.Dequeue().Event.Frame.Length;
    }
}
