using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using MedCor.ServiceDefaults.Authentication;

namespace MedCor.Gateway.LiveEvents;

/// <summary>Why a listener's connection ends.</summary>
internal enum DisconnectReason
{
    /// <summary>They left.</summary>
    ClientLeft,
    /// <summary>They read more slowly than events come.</summary>
    TooSlow,
    /// <summary>Their token expired or was revoked.</summary>
    Unauthenticated,
    /// <summary>This process stops; another replica will take them.</summary>
    ServerStopping,
}

/// <summary>Somebody who hears events as they happen, whatever surface they listen on.</summary>
/// <param name="caller">Who they are: they hear what they may see.</param>
/// <param name="token">By which they are known; renewed while they listen.</param>
/// <param name="hearsAnswers">Whether they hear what tools answer them on other connections, too.</param>
internal sealed class EventSubscriber(Caller caller, string token, bool hearsAnswers) : IDisposable
{
    /// <summary>How many events, and how many bytes of them, may wait for a listener. One who is further behind is sent away.</summary>
    internal const int MaxQueuedItems = 1024;
    internal const int MaxQueuedBytes = 4 * 1024 * 1024;

    private readonly Channel<StreamItem> _queue = Channel.CreateBounded<StreamItem>(new BoundedChannelOptions(MaxQueuedItems) { SingleReader = true });
    private readonly CancellationTokenSource _ended = new();
    private volatile Identity _identity = new(caller, token);
    private volatile ImmutableHashSet<string>? _resources;
    private long _reportedGapEpoch = -1;
    private int _queuedBytes;
    private int _endReason = -1;

    /// <summary>Who they are, by the token that they have now.</summary>
    public Caller Caller => _identity.Caller;

    /// <summary>The token that they have now.</summary>
    public string Token => _identity.Token;

    /// <summary>The resources whose changes they hear; null for all.</summary>
    public ImmutableHashSet<string>? Resources
    {
        get => _resources;
        set => _resources = value;
    }

    public bool ReceivesToolResponses => hearsAnswers;

    /// <summary>Where they sit, once they follow streams.</summary>
    public StreamSubscription? Subscription { get; set; }

    /// <summary>When they were last given a sign of life.</summary>
    public DateTimeOffset LastHeartbeatAt { get; set; }

    /// <summary>Not before this is their token renewed.</summary>
    public DateTimeOffset RenewAt { get; set; }

    /// <summary>How many events wait for them.</summary>
    public int QueuedItems => _queue.Reader.Count;

    /// <summary>Signals the end.</summary>
    public CancellationToken Ended => _ended.Token;

    /// <summary>Why it ended.</summary>
    public DisconnectReason EndReason => (DisconnectReason)_endReason;

    /// <summary>The streams that they hear: what happens in their hospital and on the platform, or everything; and what tools answer in their hospital.</summary>
    public string[] Streams { get; } =
    [
        .. caller.HospitalId is { } hospital ? (string[])[LiveEventStore.HospitalStream(hospital), LiveEventStore.PlatformStream] : [LiveEventStore.AllStream],
        .. hearsAnswers ? (string[])[LiveEventStore.ToolResponseStream(caller.HospitalId)] : [],
    ];

    /// <summary>Whether an event of one of their streams is for them.</summary>
    public bool Accepts(LiveEvent e)
    {
        var (now, wanted) = (Caller, _resources);
        return (wanted is null || e.Resource.Length == 0 || wanted.Contains(e.Resource)) && e.Audience.Includes(now.Kind, now.UserId);
    }

    /// <summary>Whether something that happened before they came may be told to them: not what happened before they logged in.</summary>
    public bool MayReceivePast(LiveEventStore.StoredEvent past) => past.At >= Caller.LoggedInAt;

    /// <summary>Goes on under a newer token of the same user.</summary>
    public void Renew(Caller renewed, string by) => _identity = new(renewed, by);

    /// <summary>Whether a gap is news to them. Each of their streams shows the same one: they are told once in an epoch.</summary>
    /// <param name="epoch">The epoch of what comes after the gap.</param>
    public bool TryMarkGapReported(long epoch) => Interlocked.Exchange(ref _reportedGapEpoch, epoch) != epoch;

    /// <summary>Hands them something. Never waits: who does not keep up is sent away.</summary>
    public void Enqueue(in StreamItem item)
    {
        var bytes = Interlocked.Add(ref _queuedBytes, Size(item));
        if (bytes > MaxQueuedBytes || !_queue.Writer.TryWrite(item)) Disconnect(DisconnectReason.TooSlow);
    }

    /// <summary>What they were handed, in order, until they are asked to leave. One at a time may read it.</summary>
    public async IAsyncEnumerable<StreamItem> ReadQueueAsync([EnumeratorCancellation] CancellationToken ct)
    {
        await foreach (var heard in _queue.Reader.ReadAllAsync(ct))
        {
            Interlocked.Add(ref _queuedBytes, -Size(heard));
            yield return heard;
        }
    }

    /// <summary>Ends the connection; the first reason stands.</summary>
    public void Disconnect(DisconnectReason reason)
    {
        if (Interlocked.CompareExchange(ref _endReason, (int)reason, -1) != -1) return;
        _queue.Writer.TryComplete();
        // Elsewhere: whoever is woken by it may want a lock that is held here.
        _ = _ended.CancelAsync();
    }

    public void Dispose() => Disconnect(DisconnectReason.ClientLeft);

    private static int Size(in StreamItem heard) => heard.Event?.Frame.Length ?? 0;

    private sealed record Identity(Caller Caller, string Token);
}
