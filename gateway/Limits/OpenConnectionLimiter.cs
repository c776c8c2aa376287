using MedCor.Contracts;
using MedCor.ServiceDefaults.Authentication;
using Microsoft.Extensions.Options;

namespace MedCor.Gateway.Limits;

/// <summary>
/// Limits the open connections of this process: WebSockets and event streams per user and in total. WebSockets that have not authenticated yet are limited
/// separately, per address and in total, so that anonymous clients cannot use up the connections of users.
/// </summary>
/// <remarks>Programs with the server token count only toward the total. Dispose of a lease when its connection is closed.</remarks>
internal sealed class OpenConnectionLimiter(IOptions<LimitOptions> options)
{
    /// <summary>The maximum number of unauthenticated WebSockets per address. A WebSocket must authenticate within ten seconds.</summary>
    internal const int MaxAnonymousPerAddress = 100;

    /// <summary>The maximum number of unauthenticated WebSockets of all addresses.</summary>
    internal const int MaxAnonymous = 2000;

    /// <summary>The maximum number of MCP subscriptions of one user. A client needs one for all that it shows.</summary>
    internal const int MaxSubscriptionsPerUser = 8;

    /// <summary>The maximum number of exports of one user.</summary>
    internal const int MaxExportsPerUser = 1;

    private readonly ConnectionGroup _listeners = new();
    private readonly ConnectionGroup _anonymous = new();

    /// <summary>
    /// Acquires a WebSocket for a user. Throws <see cref="RateLimited"/> when the user has too many, and <see cref="Unavailable"/> when the total is reached.
    /// </summary>
    public IDisposable AcquireSocket(Caller caller) =>
        _listeners.Acquire(options.Value.MaxListeners, ("WebSockets", CallerKey.Of(caller), options.Value.MaxSocketsPerUser));

    /// <summary>Acquires an event stream for a user, or for a program if null. Throws as <see cref="AcquireSocket"/> does.</summary>
    public IDisposable AcquireStream(Caller? caller) => caller is null
        ? _listeners.Acquire(options.Value.MaxListeners)
        : _listeners.Acquire(options.Value.MaxListeners, ("event streams", CallerKey.Of(caller), options.Value.MaxStreamsPerUser));

    /// <summary>Acquires an MCP subscription for a user. Throws as <see cref="AcquireSocket"/> does.</summary>
    public IDisposable AcquireSubscription(Caller caller) =>
        _listeners.Acquire(options.Value.MaxListeners, ("subscriptions", CallerKey.Of(caller), MaxSubscriptionsPerUser));

    /// <summary>Acquires an export for a user. Throws as <see cref="AcquireSocket"/> does.</summary>
    public IDisposable AcquireExport(Caller caller) =>
        _listeners.Acquire(options.Value.MaxListeners, ("exports", CallerKey.Of(caller), MaxExportsPerUser));

    /// <summary>Acquires a WebSocket that has not authenticated yet. Throws as <see cref="AcquireSocket"/> does.</summary>
    public IDisposable AcquireAnonymousSocket(HttpContext http)
    {
        const string Kind = "WebSockets without auth";
        var address = http.Connection.RemoteIpAddress;
        (string, string, int) perAddress = (Kind, NetworkKey.ForClient(address), MaxAnonymousPerAddress);
        return NetworkKey.ForSite(address) is { } site
            ? _anonymous.Acquire(MaxAnonymous, perAddress, (Kind, site, MaxAnonymousPerAddress * NetworkKey.SiteMultiplier))
            : _anonymous.Acquire(MaxAnonymous, perAddress);
    }

    /// <summary>Counts connections that share a total limit and have limits per key. A limit of 0 means no limit.</summary>
    private sealed class ConnectionGroup
    {
        private readonly KeyedCounter<(string Kind, string Key)> _perKey = new();
        private int _openCount;

        /// <param name="maxTotal">The maximum of all connections.</param>
        /// <param name="limits">The keys of the connection, each with its maximum.</param>
        public IDisposable Acquire(int maxTotal, params (string Kind, string Key, int Max)[] limits)
        {
            var total = Interlocked.Increment(ref _openCount);
            var counts = Array.ConvertAll(limits, limit => _perKey.Increment((limit.Kind, limit.Key)));
            var lease = new ConnectionLease(this, limits);
            try
            {
                if (total > maxTotal && maxTotal > 0)
                    throw new Unavailable("The gateway has reached its maximum number of open connections. Retry shortly.", retryAfter: 5);
                foreach (var ((kind, _, max), count) in limits.Zip(counts))
                    if (count > max && max > 0) throw new RateLimited($"No more than {max} {kind} at once. Close one of them first.", retryAfter: 5);
                return lease;
            }
            catch
            {
                lease.Dispose();
                throw;
            }
        }

        private sealed class ConnectionLease(ConnectionGroup group, (string Kind, string Key, int)[] limits) : IDisposable
        {
            private int _isReleased;

            public void Dispose()
            {
                if (Interlocked.Exchange(ref _isReleased, 1) != 0) return;
                Interlocked.Decrement(ref group._openCount);
                foreach (var (kind, key, _) in limits) group._perKey.Decrement((kind, key));
            }
        }
    }
}
