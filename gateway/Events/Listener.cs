using System.Threading.Channels;
using MedCor.ServiceDefaults.Access;

namespace MedCor.Gateway.Events;

/// <summary>Why a listener's connection ends.</summary>
internal enum Ending
{
    /// <summary>They left.</summary>
    Left,
    /// <summary>They read more slowly than events come.</summary>
    TooSlow,
    /// <summary>Their token expired or was revoked.</summary>
    Unauthenticated,
    /// <summary>This process stops; another replica will take them.</summary>
    Stopping,
}

/// <summary>Somebody who hears events as they happen, whatever surface they listen on.</summary>
/// <param name="caller">Who they are: they hear what they may see.</param>
/// <param name="resources">The resources they narrowed to; none for all.</param>
internal sealed class Listener(Caller caller, IReadOnlySet<string>? resources) : IDisposable
{
    /// <summary>How many events may wait for a listener. One who is further behind is sent away.</summary>
    private const int MostWaiting = 1024;

    private readonly Channel<Heard> waiting = Channel.CreateBounded<Heard>(new BoundedChannelOptions(MostWaiting) { SingleReader = true });
    private readonly CancellationTokenSource ended = new();
    private int ending = -1;

    public Caller Caller => caller;

    /// <summary>What they hear, in order.</summary>
    public ChannelReader<Heard> Events => waiting.Reader;

    /// <summary>Signals the end.</summary>
    public CancellationToken Ended => ended.Token;

    /// <summary>Why it ended.</summary>
    public Ending Ending => (Ending)ending;

    /// <summary>The streams that they hear: their hospital's and the platform's, or that of everything.</summary>
    public string[] Streams { get; } = caller.HospitalId is { } hospital ? [LiveStreams.Of(hospital), LiveStreams.Platform] : [LiveStreams.All];

    /// <summary>Whether an event of one of their streams is for them.</summary>
    public bool Wants(LiveEvent e) =>
        (resources is null || e.Resource.Length == 0 || resources.Contains(e.Resource)) && e.Audience.Includes(caller.Kind, caller.UserId);

    /// <summary>Hands them an event. Never waits: who does not keep up is sent away.</summary>
    public void Offer(in Heard heard)
    {
        if (!waiting.Writer.TryWrite(heard)) End(Ending.TooSlow);
    }

    /// <summary>Ends the connection; the first reason stands.</summary>
    public void End(Ending why)
    {
        if (Interlocked.CompareExchange(ref ending, (int)why, -1) != -1) return;
        // In this order: whoever reads wakes by either, and may dispose of this as soon as it is complete.
        ended.Cancel();
        waiting.Writer.TryComplete();
    }

    public void Dispose()
    {
        End(Ending.Left);
    }
}

/// <summary>An event as one listener hears it.</summary>
/// <param name="Own">The place in their first stream that is reached with it; zero when it leaves that place where it was.</param>
/// <param name="Shared">The same in their second stream.</param>
internal readonly record struct Heard(LiveEvent Event, StreamId Own, StreamId Shared);
