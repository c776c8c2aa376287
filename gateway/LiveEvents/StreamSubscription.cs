using System.Runtime.CompilerServices;

namespace MedCor.Gateway.LiveEvents;

/// <summary>Represents a subscriber's subscription to its streams at this replica. Dispose of it to unsubscribe.</summary>
internal sealed class StreamSubscription : IDisposable
{
    private readonly EventSubscriber _subscriber;
    private readonly LiveEventStore _streams;
    private readonly StreamFanOut[] _fanOuts;
    private readonly StreamId[]? _missedAfter;
    private readonly TimeProvider _clock;

    private StreamSubscription(EventSubscriber listener, LiveEventStore streams, StreamFanOut[] tails, TimeProvider clock, StreamId[]? missedAfter, ResumeToken place)
    {
        (_subscriber, _streams, _fanOuts, _clock, _missedAfter, Token) = (listener, streams, tails, clock, missedAfter, place);
        foreach (var tail in tails) tail.AddSubscription();
    }

    /// <summary>Gets the position of the subscriber in its streams. The code that sends items to the client advances it.</summary>
    public ResumeToken Token { get; }

    /// <summary>Creates a subscription to the events from now on.</summary>
    public static StreamSubscription StartNow(EventSubscriber listener, LiveEventStore streams, StreamFanOut[] tails, TimeProvider clock) =>
        new(listener, streams, tails, clock, null, new ResumeToken([.. tails.Select((tail, i) => tail.Attach(listener, i))]));

    /// <summary>
    /// Creates a subscription that first delivers the events missed since a position, then new events. If the position does not belong to these streams, or
    /// is from before the caller logged in, the subscriber is told to reload. Throws while Redis is unavailable.
    /// </summary>
    public static async Task<StreamSubscription> ResumeAfterAsync(ResumeToken token, EventSubscriber listener, LiveEventStore streams, StreamFanOut[] tails, TimeProvider clock)
    {
        if (token.StreamCount != tails.Length)
        {
            var now = StartNow(listener, streams, tails, clock);
            listener.Enqueue(StreamItem.OutOfStream(LiveEvent.Reload(clock.GetUtcNow())));
            return now;
        }
        var after = new StreamId[tails.Length];
        for (var i = 0; i < tails.Length; i++)
        {
            after[i] = token[i];
            // Another replica may have read further than this one, but no replica can have delivered an entry beyond the end of the stream.
            if (after[i] <= tails[i].Position || await streams.GetEndAsync(tails[i].Stream) is var end && after[i] <= end) continue;
            after[i] = end;
            if (!LiveEventStore.IsToolResponseStream(tails[i].Stream) && listener.TryMarkGapReported(end.Epoch)) listener.Enqueue(StreamItem.OutOfStream(LiveEvent.Reload(clock.GetUtcNow())));
        }
        return new(listener, streams, tails, clock, after, new ResumeToken([.. after]));
    }

    /// <summary>Returns all items for the subscriber, in the order of each stream, until it is disconnected. Enumerate once only.</summary>
    public async IAsyncEnumerable<StreamItem> ReadAllAsync([EnumeratorCancellation] CancellationToken ct)
    {
        for (var i = 0; _missedAfter is not null && i < _fanOuts.Length; i++)
            await foreach (var heard in ReadMissedAsync(i, _missedAfter[i], ct)) yield return heard;
        await foreach (var heard in _subscriber.ReadQueueAsync(ct)) yield return heard;
    }

    /// <summary>Advances the position of the subscriber past events that it did not receive.</summary>
    public void AdvanceToken()
    {
        foreach (var tail in _fanOuts) tail.AdvanceToken(_subscriber);
    }

    public void Dispose()
    {
        foreach (var tail in _fanOuts) tail.Detach(_subscriber);
    }

    /// <summary>
    /// Returns the entries of one stream after a position, and attaches the subscriber at the end. Entries are read only as fast as they are consumed, so
    /// that any number of them uses little memory.
    /// </summary>
    private async IAsyncEnumerable<StreamItem> ReadMissedAsync(int i, StreamId after, [EnumeratorCancellation] CancellationToken ct)
    {
        var (tail, exhausted) = (_fanOuts[i], false);
        while (true)
        {
            var joined = tail.TryAttach(_subscriber, i, after, out var entries);
            if (!joined && exhausted)
            {
                // Redis lost entries that had been read here; see StreamFanOut.HandleLoss.
                after = tail.Attach(_subscriber, i);
                yield return new(GetGapNotice(after.Epoch), i, after);
                yield break;
            }
            if (!joined)
            {
                entries = await _streams.ReadMissedAsync(tail.Stream, after, ct);
                exhausted = entries.Count == 0;
            }
            var isToldOfEarlier = LiveEventStore.IsToolResponseStream(tail.Stream);
            foreach (var entry in entries)
            {
                if (tail.HasGap(after, entry.Id) && GetGapNotice(entry.Id.Epoch) is { } gap) yield return StreamItem.OutOfStream(gap);
                after = entry.Id;
                if (entry.At is null)
                {
                    // An earlier version wrote the entry. All such entries are older than the notice, so one notice is enough.
                    if (!isToldOfEarlier) yield return StreamItem.OutOfStream(LiveEvent.Reload(_clock.GetUtcNow()));
                    isToldOfEarlier = true;
                    continue;
                }
                if (!_subscriber.MayReceivePast(entry))
                {
                    if (!LiveEventStore.IsToolResponseStream(tail.Stream) && GetGapNotice(entry.Id.Epoch) is { } before) yield return StreamItem.OutOfStream(before);
                    continue;
                }
                if (_subscriber.Accepts(entry.Event)) yield return new(entry.Event, i, after);
            }
            if (entries.Count > 0) yield return new(null, i, after);
            if (joined) yield break;
            if (!exhausted) continue;

            // No entries follow, although the stream has had more: they have been removed because of their age.
            var end = await _streams.GetEndAsync(tail.Stream).WaitAsync(ct);
            if (end == after) continue;
            after = end;
            yield return new(LiveEventStore.IsToolResponseStream(tail.Stream) ? null : GetGapNotice(after.Epoch), i, after);
        }
    }

    /// <summary>Returns the notice of a gap, or null when the subscriber already knows of it.</summary>
    private LiveEvent? GetGapNotice(long epoch) => _subscriber.TryMarkGapReported(epoch) ? LiveEvent.Reload(_clock.GetUtcNow()) : null;
}
