using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using MedCor.Contracts;
using MedCor.ServiceDefaults.Authentication;

namespace MedCor.Gateway.LiveEvents;

/// <summary>Specifies why a subscriber's connection ends.</summary>
internal enum DisconnectReason
{
    /// <summary>The client disconnected.</summary>
    ClientLeft,
    /// <summary>The client reads more slowly than events arrive.</summary>
    TooSlow,
    /// <summary>The token expired or was revoked.</summary>
    Unauthenticated,
    /// <summary>This process is stopping; the client can reconnect to another replica.</summary>
    ServerStopping,
}

/// <summary>Represents a client that receives live events over any transport.</summary>
/// <param name="caller">The caller; the subscriber receives only events that this caller may see.</param>
/// <param name="token">The access token of the caller, renewed while the connection is open.</param>
/// <param name="receivesToolResponses">Whether the subscriber also receives the responses to tool calls that the caller makes on other connections.</param>
/// <param name="credential">The API key or token for MCP for which the token was exchanged; null for any other token.</param>
internal sealed class EventSubscriber(Caller caller, string token, bool receivesToolResponses, string? credential = null) : IDisposable
{
    /// <summary>
    /// The maximum number of queued events of a subscriber, and their maximum size in bytes. A subscriber that exceeds either is disconnected.
    /// </summary>
    internal const int MaxQueuedItems = 1024;
    internal const int MaxQueuedBytes = 4 * 1024 * 1024;

    private readonly Channel<StreamItem> _queue = Channel.CreateBounded<StreamItem>(new BoundedChannelOptions(MaxQueuedItems) { SingleReader = true });
    private readonly CancellationTokenSource _ended = new();
    private volatile Identity _identity = new(caller, token, credential);
    private volatile ImmutableHashSet<string>? _resources;
    private long _reportedGapEpoch = -1;
    private int _queuedBytes;
    private int _endReason = -1;

    /// <summary>Gets the caller of the current token.</summary>
    public Caller Caller => _identity.Caller;

    /// <summary>Gets the current token.</summary>
    public string Token => _identity.Token;

    /// <summary>Gets the API key or token for MCP for which the current token was exchanged; null for any other token.</summary>
    public string? Credential => _identity.Credential;

    /// <summary>Gets or sets the resources whose changes the subscriber receives; null for all.</summary>
    public ImmutableHashSet<string>? Resources
    {
        get => _resources;
        set => _resources = value;
    }

    public bool ReceivesToolResponses => receivesToolResponses;

    /// <summary>Gets or sets the subscription to the streams; null before the subscriber follows streams.</summary>
    public StreamSubscription? Subscription { get; set; }

    /// <summary>Gets or sets the time of the last heartbeat.</summary>
    public DateTimeOffset LastHeartbeatAt { get; set; }

    /// <summary>Gets or sets the earliest time to renew the token.</summary>
    public DateTimeOffset RenewAt { get; set; }

    /// <summary>Gets the number of queued events.</summary>
    public int QueuedItems => _queue.Reader.Count;

    /// <summary>Gets a token that is canceled when the connection ends.</summary>
    public CancellationToken Ended => _ended.Token;

    /// <summary>Gets why the connection ended.</summary>
    public DisconnectReason EndReason => (DisconnectReason)_endReason;

    /// <summary>
    /// Gets the streams of the subscriber: those of the caller's hospital and of the platform, or the stream of all events; and optionally the stream of
    /// tool responses of the hospital.
    /// </summary>
    public string[] Streams { get; } =
    [
        .. caller.HospitalId is { } hospital ? (string[])[LiveEventStore.HospitalStream(hospital), LiveEventStore.PlatformStream] : [LiveEventStore.AllStream],
        .. receivesToolResponses ? (string[])[LiveEventStore.ToolResponseStream(caller.HospitalId)] : [],
    ];

    /// <summary>Returns whether the subscriber receives an event of one of its streams.</summary>
    public bool Accepts(LiveEvent e)
    {
        var (now, resources) = (Caller, _resources);
        // An audience can name a user who has had another role since, which may not subscribe to the resource.
        if (LiveResources.All.TryGetValue(e.Resource, out var callers) && callers != Callers.Everyone && !now.IsOneOf(callers)) return false;
        return (resources is null || e.Resource.Length == 0 || resources.Contains(e.Resource)) && e.Audience.Includes(now.Kind, now.UserId)
            && (e.Scope is null || now.Covers(e.Scope));
    }

    /// <summary>
    /// Returns whether the subscriber may receive an event that was published before it connected. Events from before the caller logged in are not
    /// delivered.
    /// </summary>
    public bool MayReceivePast(LiveEventStore.StoredEvent stored) => stored.At >= Caller.LoggedInAt;

    /// <summary>Replaces the token by a newer one of the same user.</summary>
    public void Renew(Caller caller, string token, string? credential = null) => _identity = new(caller, token, credential);

    /// <summary>
    /// Marks a gap as reported and returns whether it was unreported. All streams of a subscriber show the same gap, which is reported once per epoch.
    /// </summary>
    /// <param name="epoch">The epoch of the entry after the gap.</param>
    public bool TryMarkGapReported(long epoch) => Interlocked.Exchange(ref _reportedGapEpoch, epoch) != epoch;

    /// <summary>Queues an item without waiting. Disconnects a subscriber that does not keep up.</summary>
    public void Enqueue(in StreamItem item)
    {
        var bytes = Interlocked.Add(ref _queuedBytes, Size(item));
        if (bytes > MaxQueuedBytes || !_queue.Writer.TryWrite(item)) Disconnect(DisconnectReason.TooSlow);
    }

    /// <summary>Returns the queued items in order until the subscriber is disconnected. Only one reader is allowed at a time.</summary>
    public async IAsyncEnumerable<StreamItem> ReadQueueAsync([EnumeratorCancellation] CancellationToken ct)
    {
        await foreach (var item in _queue.Reader.ReadAllAsync(ct))
        {
            Interlocked.Add(ref _queuedBytes, -Size(item));
            yield return item;
        }
    }

    /// <summary>Ends the connection. Only the reason of the first call is kept.</summary>
    public void Disconnect(DisconnectReason reason)
    {
        if (Interlocked.CompareExchange(ref _endReason, (int)reason, -1) != -1) return;
        _queue.Writer.TryComplete();
        // Asynchronous, because a callback may need a lock that the caller of this method holds.
        _ = _ended.CancelAsync();
    }

    public void Dispose() => Disconnect(DisconnectReason.ClientLeft);

    private static int Size(in StreamItem item) => item.Event?.Frame.Length ?? 0;

    private sealed record Identity(Caller Caller, string Token, string? Credential);
}
