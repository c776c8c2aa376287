namespace MedCor.Gateway.LiveEvents;

/// <summary>
/// Distributes the entries of one stream to its subscribers at this replica, and holds the position up to which the stream has been read.
/// </summary>
internal sealed class StreamFanOut
{
    /// <summary>
    /// The limits of the recent entries kept in memory for clients that reconnect within moments, as all clients of a replica do when it stops.
    /// </summary>
    private const int MaxRecentEntries = 256;
    private const int MaxRecentBytes = 1024 * 1024;

    /// <summary>
    /// The minimum interval between notices of entries written by an earlier version, which may be the only entries during a rolling update.
    /// </summary>
    private static readonly TimeSpan EarlierVersionNoticeInterval = TimeSpan.FromSeconds(1);

    private readonly TimeProvider _clock;
    private readonly Lock _lock = new();
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

    /// <summary>Gets a task that completes once the start position is known.</summary>
    public Task Started { get; }

    public bool HasNewEntries { get; set; }

    public DateTimeOffset LastUsedAt { get; set; }

    /// <summary>Gets whether the stream has no subscriptions, whether attached or still catching up.</summary>
    public bool IsIdle
    {
        get
        {
            lock (_lock) return _subscriptionCount == 0;
        }
    }

    /// <summary>Gets the position of the last entry that has been delivered to all subscribers.</summary>
    public StreamId Position
    {
        get
        {
            lock (_lock) return _position;
        }
    }

    /// <summary>Gets whether gaps are reported. They are not for streams of tool responses, which contain only copies that are kept for minutes.</summary>
    private bool ReportsGaps => !LiveEventStore.IsToolResponseStream(Stream);

    /// <summary>Adds a subscription. The stream is followed for as long as it has any.</summary>
    public void AddSubscription()
    {
        lock (_lock) _subscriptionCount++;
    }

    /// <summary>Attaches a subscriber to the entries from now on, and returns the current position.</summary>
    public StreamId Attach(EventSubscriber subscriber, int index)
    {
        lock (_lock)
        {
            _subscribers[subscriber] = (index, _position);
            return _position;
        }
    }

    /// <summary>
    /// Attaches a subscriber to all entries after a position. Returns false when entries after that position are no longer in memory and must be read from
    /// Redis. On success, <paramref name="missedEntries"/> contains the entries that were published before the call.
    /// </summary>
    public bool TryAttach(EventSubscriber subscriber, int index, StreamId after, out IReadOnlyList<LiveEventStore.StoredEvent> missedEntries)
    {
        lock (_lock)
        {
            missedEntries = [];
            if (after < _position)
            {
                if (!_recent.TryPeek(out var first) || first.Id > after && !first.Id.IsNextAfter(after)) return false;
                missedEntries = [.. _recent.Where(e => e.Id > after)];
            }
            // Another replica that had read further than this one may have delivered entries that have not arrived here yet.
            _subscribers[subscriber] = (index, after > _position ? after : _position);
            return true;
        }
    }

    public void Detach(EventSubscriber subscriber)
    {
        lock (_lock)
        {
            _subscriptionCount--;
            _subscribers.Remove(subscriber);
            LastUsedAt = _clock.GetUtcNow();
        }
    }

    /// <summary>Delivers an entry to the subscribers that accept it.</summary>
    public void Publish(LiveEventStore.StoredEvent entry)
    {
        lock (_lock)
        {
            // Entries of an earlier version contain more data than is delivered now. They are withheld and reported as lost.
            var isDelivered = entry.At is not null;
            if (HasGap(_position, entry.Id)) PublishGap(entry.Id.Epoch);
            if (!isDelivered && ReportsGaps) PublishEarlierVersionNotice();
            foreach (var (subscriber, (index, after)) in _subscribers)
                if (isDelivered && entry.Id > after && subscriber.Accepts(entry.Event)) subscriber.Enqueue(new(entry.Event, index, entry.Id));
            _position = entry.Id;
            KeepRecent(entry);
        }
    }

    /// <summary>Returns whether a gap must be reported between two consecutive entries of a subscriber.</summary>
    public bool HasGap(StreamId from, StreamId to) => ReportsGaps && !to.IsNextAfter(from);

    /// <summary>Reports that entries that were not read yet may be lost. The remaining entries are still read.</summary>
    /// <param name="end">The current end of the stream.</param>
    public void HandleLoss(StreamId end)
    {
        lock (_lock)
        {
            if (ReportsGaps) PublishGap(end.Epoch);
            if (end.Epoch >= _position.Epoch) return;

            // Redis has lost its clock as well. Reading from the old position would find nothing.
            _position = new(end.Epoch, 0);
            _recent.Clear();
            _recentBytes = 0;
            foreach (var (subscriber, (index, _)) in _subscribers.ToArray()) _subscribers[subscriber] = (index, _position);
        }
    }

    /// <summary>Advances the position of a subscriber past entries that it did not receive.</summary>
    public void AdvanceToken(EventSubscriber subscriber)
    {
        lock (_lock)
            if (_subscribers.TryGetValue(subscriber, out var attached) && _position > attached.After) subscriber.Enqueue(new(null, attached.Stream, _position));
    }

    private async Task InitializeAsync(LiveEventStore streams)
    {
        var end = await streams.GetEndAsync(Stream);
        lock (_lock) _position = end;
    }

    private void PublishGap(long epoch)
    {
        var notice = LiveEvent.Reload(_clock.GetUtcNow());
        foreach (var (subscriber, _) in _subscribers)
            if (subscriber.TryMarkGapReported(epoch)) subscriber.Enqueue(StreamItem.OutOfStream(notice));
    }

    /// <summary>
    /// Reports entries written by an earlier version. Each entry is reported, because a client that reloaded after the last report does not know of it; but
    /// at most one report is sent per <see cref="EarlierVersionNoticeInterval"/>.
    /// </summary>
    private void PublishEarlierVersionNotice()
    {
        if (_noticeTimer is not null) return;
        var delay = _earlierVersionNoticeAt + EarlierVersionNoticeInterval - _clock.GetUtcNow();
        if (delay <= TimeSpan.Zero)
        {
            NotifyAll();
            return;
        }
        _noticeTimer = _clock.CreateTimer(_ =>
        {
            lock (_lock)
            {
                _noticeTimer?.Dispose();
                _noticeTimer = null;
                NotifyAll();
            }
        }, null, delay, Timeout.InfiniteTimeSpan);

        void NotifyAll()
        {
            _earlierVersionNoticeAt = _clock.GetUtcNow();
            foreach (var (subscriber, _) in _subscribers) subscriber.Enqueue(StreamItem.OutOfStream(LiveEvent.Reload(_earlierVersionNoticeAt)));
        }
    }

    private void KeepRecent(LiveEventStore.StoredEvent entry)
    {
        _recent.Enqueue(entry);
        _recentBytes += entry.Event.Frame.Length;
        while (_recent.Count > MaxRecentEntries || (_recentBytes > MaxRecentBytes && _recent.Count > 1)) _recentBytes -= _recent.Dequeue().Event.Frame.Length;
    }
}
