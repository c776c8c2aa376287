using Microsoft.AspNetCore.Http.Features;

namespace MedCor.Gateway.LiveEvents.WebSockets;

/// <summary>
/// Delays the abort of a connection until what was written has been sent. The platform aborts it as soon as a WebSocket breaks the protocol, and the close frame that reports the fault, which is still
/// in the output buffer, would be lost.
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

    /// <summary>Replaces the request's lifetime feature.</summary>
    public static DelayedAbortFeature Install(HttpContext http, TimeProvider clock)
    {
        var delayed = new DelayedAbortFeature(http.Features.GetRequiredFeature<IHttpRequestLifetimeFeature>(), clock);
        http.Features.Set<IHttpRequestLifetimeFeature>(delayed);
        return delayed;
    }

    public void Abort() => _abortTimer ??= clock.CreateTimer(_ => AbortNow(), null, AbortDelay, Timeout.InfiniteTimeSpan);

    public void AbortNow() => connection.Abort();
}
