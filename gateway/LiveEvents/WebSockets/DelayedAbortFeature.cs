using Microsoft.AspNetCore.Http.Features;

namespace MedCor.Gateway.LiveEvents.WebSockets;

/// <summary>
/// A connection that is not cut before what was written has had time to leave. The platform cuts it at the moment at which a WebSocket breaks the protocol, and the close frame that says so, which
/// waits to be sent, would be lost.
/// </summary>
internal sealed class DelayedAbortFeature(IHttpRequestLifetimeFeature connection, TimeProvider clock) : IHttpRequestLifetimeFeature
{
    private static readonly TimeSpan AbortDelay = TimeSpan.FromSeconds(1);

    private ITimer? _abortTimer;

    public CancellationToken RequestAborted
    {
        get => connection.RequestAborted;
        set => connection.RequestAborted = value;
    }

    /// <summary>Takes the place of the connection as the platform knows it.</summary>
    public static DelayedAbortFeature Install(HttpContext http, TimeProvider clock)
    {
        var uncut = new DelayedAbortFeature(http.Features.GetRequiredFeature<IHttpRequestLifetimeFeature>(), clock);
        http.Features.Set<IHttpRequestLifetimeFeature>(uncut);
        return uncut;
    }

    public void Abort() => _abortTimer ??= clock.CreateTimer(_ => AbortNow(), null, AbortDelay, Timeout.InfiniteTimeSpan);

    public void AbortNow() => connection.Abort();
}
