using Microsoft.AspNetCore.Http.Features;

namespace MedCor.Gateway.LiveEvents.WebSockets;

/// <summary>
/// Delays the abort of a connection until the written data has been sent. The platform aborts a connection as soon as a WebSocket violates the protocol,
/// and would lose the close frame that reports the fault, which is still in the output buffer.
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

    /// <summary>Installs this feature as the request's lifetime feature.</summary>
    public static DelayedAbortFeature Install(HttpContext http, TimeProvider clock)
    {
        var delayed = new DelayedAbortFeature(http.Features.GetRequiredFeature<IHttpRequestLifetimeFeature>(), clock);
        http.Features.Set<IHttpRequestLifetimeFeature>(delayed);
        return delayed;
    }

    public void Abort() => _abortTimer ??= clock.CreateTimer(_ => AbortNow(), null, AbortDelay, Timeout.InfiniteTimeSpan);

    public void AbortNow() => connection.Abort();
}
