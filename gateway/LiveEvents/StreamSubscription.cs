using System.Runtime.CompilerServices;

namespace MedCor.Gateway.LiveEvents;

/// <summary>A listener's place at this replica. Dispose of it to stop.</summary>
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

    /// <summary>How far they have come. Moved on by whoever sends them what they hear.</summary>
    public ResumeToken Token { get; }

    /// <summary>Sits down to hear from now on.</summary>
    public static StreamSubscription StartNow(EventSubscriber listener, LiveEventStore streams, StreamFanOut[] tails, TimeProvider clock) =>
        new(listener, streams, tails, clock, null, new ResumeToken([.. tails.Select((tail, i) => tail.Attach(listener, i))]));

    /// <summary>
    /// Sits down to hear first what was missed since a place, then what happens. A place that is none in these streams, or from before the listener logged in, is answered with the advice
    /// to load anew. Throws while Redis is away.
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
            // Another replica may have read on before this one; but nobody can have heard what no stream has.
            if (after[i] <= tails[i].Position || await streams.GetEndAsync(tails[i].Stream) is var end && after[i] <= end) continue;
            after[i] = end;
            if (!LiveEventStore.IsToolResponseStream(tails[i].Stream) && listener.TryMarkGapReported(end.Epoch)) listener.Enqueue(StreamItem.OutOfStream(LiveEvent.Reload(clock.GetUtcNow())));
        }
        return new(listener, streams, tails, clock, after, new ResumeToken([.. after]));
    }

    /// <summary>All that they are to hear, in the order of each stream, until they are asked to leave. To be enumerated once.</summary>
    public async IAsyncEnumerable<StreamItem> ReadAllAsync([EnumeratorCancellation] CancellationToken ct)
    {
        for (var i = 0; _missedAfter is not null && i < _fanOuts.Length; i++)
            await foreach (var heard in ReadMissedAsync(i, _missedAfter[i], ct)) yield return heard;
        await foreach (var heard in _subscriber.ReadQueueAsync(ct)) yield return heard;
    }

    /// <summary>Lets their place move on, beyond events that were not for them.</summary>
    public void AdvanceToken()
    {
        foreach (var tail in _fanOuts) tail.AdvanceToken(_subscriber);
    }

    public void Dispose()
    {
        foreach (var tail in _fanOuts) tail.Detach(_subscriber);
    }

    /// <summary>What one stream had after a place. Read only as fast as it is taken, so however much it is none of it piles up. At its end they have joined.</summary>
    private async IAsyncEnumerable<StreamItem> ReadMissedAsync(int i, StreamId after, [EnumeratorCancellation] CancellationToken ct)
    {
        var (tail, exhausted) = (_fanOuts[i], false);
        while (true)
        {
            var joined = tail.TryAttach(_subscriber, i, after, out var entries);
            if (!joined && exhausted)
            {
                // Redis lost what was read here before; see Tail.MayHaveLost.
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
                    // An earlier version wrote it. All of these entries had happened when it is told: once is enough for them.
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

            // Nothing follows, though more has been: it was too long ago.
            var end = await _streams.GetEndAsync(tail.Stream).WaitAsync(ct);
            if (end == after) continue;
            after = end;
            yield return new(LiveEventStore.IsToolResponseStream(tail.Stream) ? null : GetGapNotice(after.Epoch), i, after);
        }
    }

    /// <summary>What they are told of a gap, unless they know already.</summary>
    private LiveEvent? GetGapNotice(long epoch) => _subscriber.TryMarkGapReported(epoch) ? LiveEvent.Reload(_clock.GetUtcNow()) : null;
}
