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

    private StreamSubscription(EventSubscriber subscriber, LiveEventStore streams, StreamFanOut[] fanOuts, TimeProvider clock,
        StreamId[]? missedAfter, ResumeToken token)
    {
        (_subscriber, _streams, _fanOuts, _clock, _missedAfter, Token) = (subscriber, streams, fanOuts, clock, missedAfter, token);
        foreach (var fanOut in fanOuts) fanOut.AddSubscription();
    }

    /// <summary>Gets the position of the subscriber in its streams. The code that sends items to the client advances it.</summary>
    public ResumeToken Token { get; }

    /// <summary>Creates a subscription to the events from now on.</summary>
    public static StreamSubscription StartNow(EventSubscriber subscriber, LiveEventStore streams, StreamFanOut[] fanOuts, TimeProvider clock) =>
        new(subscriber, streams, fanOuts, clock, null, new ResumeToken([.. fanOuts.Select((fanOut, i) => fanOut.Attach(subscriber, i))]));

    /// <summary>
    /// Creates a subscription that first delivers the events missed since a position, then new events. If the position does not belong to these streams, or
    /// is from before the caller logged in, the subscriber receives a reload event. Throws while Redis is unavailable.
    /// </summary>
    public static async Task<StreamSubscription> ResumeAfterAsync(ResumeToken token, EventSubscriber subscriber, LiveEventStore streams,
        StreamFanOut[] fanOuts, TimeProvider clock)
    {
        if (token.StreamCount != fanOuts.Length)
        {
            var now = StartNow(subscriber, streams, fanOuts, clock);
            subscriber.Enqueue(StreamItem.OutOfStream(LiveEvent.Reload(clock.GetUtcNow())));
            return now;
        }
        var after = new StreamId[fanOuts.Length];
        for (var i = 0; i < fanOuts.Length; i++)
        {
            after[i] = token[i];
            // Another replica may have read further than this one, but no replica can have delivered an entry beyond the end of the stream.
            if (after[i] <= fanOuts[i].Position || await streams.GetEndAsync(fanOuts[i].Stream) is var end && after[i] <= end) continue;
            after[i] = end;
            if (!LiveEventStore.IsToolResponseStream(fanOuts[i].Stream) && subscriber.TryMarkGapReported(end.Epoch))
                subscriber.Enqueue(StreamItem.OutOfStream(LiveEvent.Reload(clock.GetUtcNow())));
        }
        return new(subscriber, streams, fanOuts, clock, after, new ResumeToken([.. after]));
    }

    /// <summary>Returns all items for the subscriber, in the order of each stream, until it is disconnected. Enumerate once only.</summary>
    public async IAsyncEnumerable<StreamItem> ReadAllAsync([EnumeratorCancellation] CancellationToken ct)
    {
        for (var i = 0; _missedAfter is not null && i < _fanOuts.Length; i++)
            await foreach (var item in ReadMissedAsync(i, _missedAfter[i], ct)) yield return item;
        await foreach (var item in _subscriber.ReadQueueAsync(ct)) yield return item;
    }

    /// <summary>Advances the position of the subscriber past events that it did not receive.</summary>
    public void AdvanceToken()
    {
        foreach (var fanOut in _fanOuts) fanOut.AdvanceToken(_subscriber);
    }

    public void Dispose()
    {
        foreach (var fanOut in _fanOuts) fanOut.Detach(_subscriber);
    }

    /// <summary>
    /// Returns the entries of one stream after a position, and attaches the subscriber at the end. Entries are read only as fast as they are consumed, so
    /// that any number of them uses little memory.
    /// </summary>
    private async IAsyncEnumerable<StreamItem> ReadMissedAsync(int i, StreamId after, [EnumeratorCancellation] CancellationToken ct)
    {
        var (fanOut, exhausted) = (_fanOuts[i], false);
        while (true)
        {
            var attached = fanOut.TryAttach(_subscriber, i, after, out var entries);
            if (!attached && exhausted)
            {
                // Redis lost entries that had been read here; see StreamFanOut.HandleLoss.
                after = fanOut.Attach(_subscriber, i);
                yield return new(GetGapNotice(after.Epoch), i, after);
                yield break;
            }
            if (!attached)
            {
                entries = await _streams.ReadMissedAsync(fanOut.Stream, after, ct);
                exhausted = entries.Count == 0;
            }
            var isEarlierVersionReported = LiveEventStore.IsToolResponseStream(fanOut.Stream);
            foreach (var entry in entries)
            {
                if (fanOut.HasGap(after, entry.Id) && GetGapNotice(entry.Id.Epoch) is { } gap) yield return StreamItem.OutOfStream(gap);
                after = entry.Id;
                if (entry.At is null)
                {
                    // An earlier version wrote the entry. All such entries are older than the notice, so one notice is enough.
                    if (!isEarlierVersionReported) yield return StreamItem.OutOfStream(LiveEvent.Reload(_clock.GetUtcNow()));
                    isEarlierVersionReported = true;
                    continue;
                }
                if (!_subscriber.MayReceivePast(entry))
                {
                    if (!LiveEventStore.IsToolResponseStream(fanOut.Stream) && GetGapNotice(entry.Id.Epoch) is { } notice)
                        yield return StreamItem.OutOfStream(notice);
                    continue;
                }
                if (_subscriber.Accepts(entry.Event)) yield return new(entry.Event, i, after);
            }
            if (entries.Count > 0) yield return new(null, i, after);
            if (attached) yield break;
            if (!exhausted) continue;

            // No entries follow, although the stream has had more: they have been removed because of their age.
            var end = await _streams.GetEndAsync(fanOut.Stream).WaitAsync(ct);
            if (end == after) continue;
            after = end;
            yield return new(LiveEventStore.IsToolResponseStream(fanOut.Stream) ? null : GetGapNotice(after.Epoch), i, after);
        }
    }

    /// <summary>Returns the notice of a gap, or null when the gap has already been reported to the subscriber.</summary>
    private LiveEvent? GetGapNotice(long epoch) => _subscriber.TryMarkGapReported(epoch) ? LiveEvent.Reload(_clock.GetUtcNow()) : null;
}
