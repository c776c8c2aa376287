using System.Runtime.CompilerServices;

namespace MedCor.Gateway.Events;

/// <summary>A listener's place at this replica. Dispose of it to stop.</summary>
internal sealed class Seat : IDisposable
{
    private readonly Listener listener;
    private readonly LiveStreams streams;
    private readonly Tail[] tails;
    private readonly StreamId[]? missedAfter;
    private readonly TimeProvider clock;

    private Seat(Listener listener, LiveStreams streams, Tail[] tails, TimeProvider clock, StreamId[]? missedAfter, Place place)
    {
        (this.listener, this.streams, this.tails, this.clock, this.missedAfter, Place) = (listener, streams, tails, clock, missedAfter, place);
        foreach (var tail in tails) tail.Sit();
    }

    /// <summary>How far they have come. Moved on by whoever sends them what they hear.</summary>
    public Place Place { get; }

    /// <summary>Sits down to hear from now on.</summary>
    public static Seat FromNow(Listener listener, LiveStreams streams, Tail[] tails, TimeProvider clock) =>
        new(listener, streams, tails, clock, null, new Place([.. tails.Select((tail, i) => tail.Join(listener, i))]));

    /// <summary>
    /// Sits down to hear first what was missed since a place, then what happens. A place that is none in these streams, or from before the listener logged in, is answered with the advice
    /// to load anew. Throws while Redis is away.
    /// </summary>
    public static async Task<Seat> After(Place place, Listener listener, LiveStreams streams, Tail[] tails, TimeProvider clock)
    {
        if (place.Streams != tails.Length)
        {
            var now = FromNow(listener, streams, tails, clock);
            listener.Offer(Heard.Aside(LiveEvent.Reload(clock.GetUtcNow())));
            return now;
        }
        var after = new StreamId[tails.Length];
        for (var i = 0; i < tails.Length; i++)
        {
            after[i] = place[i];
            // Another replica may have read on before this one; but nobody can have heard what no stream has.
            if (after[i] <= tails[i].Position || await streams.End(tails[i].Stream) is var end && after[i] <= end) continue;
            after[i] = end;
            if (!LiveStreams.AreAnswers(tails[i].Stream) && listener.LearnsOfGap(end.Epoch)) listener.Offer(Heard.Aside(LiveEvent.Reload(clock.GetUtcNow())));
        }
        return new(listener, streams, tails, clock, after, new Place([.. after]));
    }

    /// <summary>All that they are to hear, in the order of each stream, until they are asked to leave. To be enumerated once.</summary>
    public async IAsyncEnumerable<Heard> Events([EnumeratorCancellation] CancellationToken ct)
    {
        for (var i = 0; missedAfter is not null && i < tails.Length; i++)
            await foreach (var heard in Missed(i, missedAfter[i], ct)) yield return heard;
        await foreach (var heard in listener.Handed(ct)) yield return heard;
    }

    /// <summary>Lets their place move on, beyond events that were not for them.</summary>
    public void Mark()
    {
        foreach (var tail in tails) tail.Mark(listener);
    }

    public void Dispose()
    {
        foreach (var tail in tails) tail.Leave(listener);
    }

    /// <summary>What one stream had after a place. Read only as fast as it is taken, so however much it is none of it piles up. At its end they have joined.</summary>
    private async IAsyncEnumerable<Heard> Missed(int i, StreamId after, [EnumeratorCancellation] CancellationToken ct)
    {
        var (tail, exhausted) = (tails[i], false);
        while (true)
        {
            var joined = tail.TryJoin(listener, i, after, out var entries);
            if (!joined && exhausted)
            {
                // Redis lost what was read here before; see Tail.MayHaveLost.
                after = tail.Join(listener, i);
                yield return new(Gap(after.Epoch), i, after);
                yield break;
            }
            if (!joined)
            {
                entries = await streams.ReadMissed(tail.Stream, after, ct);
                exhausted = entries.Count == 0;
            }
            var isToldOfEarlier = LiveStreams.AreAnswers(tail.Stream);
            foreach (var entry in entries)
            {
                if (tail.HasGap(after, entry.Id) && Gap(entry.Id.Epoch) is { } gap) yield return Heard.Aside(gap);
                after = entry.Id;
                if (entry.At is null)
                {
                    // An earlier version wrote it. All of these entries had happened when it is told: once is enough for them.
                    if (!isToldOfEarlier) yield return Heard.Aside(LiveEvent.Reload(clock.GetUtcNow()));
                    isToldOfEarlier = true;
                    continue;
                }
                if (!listener.MayHearOf(entry))
                {
                    if (!LiveStreams.AreAnswers(tail.Stream) && Gap(entry.Id.Epoch) is { } before) yield return Heard.Aside(before);
                    continue;
                }
                if (listener.Wants(entry.Event)) yield return new(entry.Event, i, after);
            }
            if (entries.Count > 0) yield return new(null, i, after);
            if (joined) yield break;
            if (!exhausted) continue;

            // Nothing follows, though more has been: it was too long ago.
            var end = await streams.End(tail.Stream).WaitAsync(ct);
            if (end == after) continue;
            after = end;
            yield return new(LiveStreams.AreAnswers(tail.Stream) ? null : Gap(after.Epoch), i, after);
        }
    }

    /// <summary>What they are told of a gap, unless they know already.</summary>
    private LiveEvent? Gap(long epoch) => listener.LearnsOfGap(epoch) ? LiveEvent.Reload(clock.GetUtcNow()) : null;
}
