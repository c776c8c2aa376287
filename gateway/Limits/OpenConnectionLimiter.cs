using MedCor.Contracts;
using MedCor.ServiceDefaults.Authentication;
using Microsoft.Extensions.Options;

namespace MedCor.Gateway.Limits;

/// <summary>
/// Counts the connections that stand, at this process: WebSockets and event streams of each user and of all together; and apart from them, so that nobody can take listeners' places without a
/// token, WebSockets on which nobody has said yet who they are, of each address and of all together. A program that chats with the server token is no user: it is counted among all alone.
/// Dispose of a place when the connection is gone.
/// </summary>
internal sealed class OpenConnectionLimiter(IOptions<LimitOptions> options)
{
    /// <summary>WebSockets of one address on which nobody has said yet who they are. They have ten seconds to.</summary>
    internal const int MaxAnonymousPerAddress = 100;

    /// <summary>WebSockets on which nobody has said yet who they are, of all addresses together.</summary>
    internal const int MaxAnonymous = 2000;

    private readonly ConnectionGroup _listeners = new();
    private readonly ConnectionGroup _anonymous = new();

    /// <summary>A WebSocket of somebody. Throws <see cref="RateLimited"/> when they have too many, <see cref="Unavailable"/> when there are too many of all.</summary>
    public IDisposable AcquireSocket(Caller caller) => _listeners.Acquire(options.Value.MaxListeners, ("WebSockets", CallerKey.Of(caller), options.Value.MaxSocketsPerUser));

    /// <summary>A stream of events for somebody, or for a program. Throws as <see cref="AcquireSocket"/> does.</summary>
    public IDisposable AcquireStream(Caller? caller) => caller is null
        ? _listeners.Acquire(options.Value.MaxListeners)
        : _listeners.Acquire(options.Value.MaxListeners, ("event streams", CallerKey.Of(caller), options.Value.MaxStreamsPerUser));

    /// <summary>A WebSocket of somebody who has yet to say who they are. Throws as <see cref="AcquireSocket"/> does.</summary>
    public IDisposable AcquireAnonymousSocket(HttpContext http)
    {
        const string Kind = "WebSockets without auth";
        var address = http.Connection.RemoteIpAddress;
        (string, string, int) ofAddress = (Kind, NetworkKey.ForClient(address), MaxAnonymousPerAddress);
        return NetworkKey.ForSite(address) is { } site
            ? _anonymous.Acquire(MaxAnonymous, ofAddress, (Kind, site, MaxAnonymousPerAddress * NetworkKey.SiteMultiplier))
            : _anonymous.Acquire(MaxAnonymous, ofAddress);
    }

    /// <summary>Connections that have a bound together, and shares of it. A bound of 0 is none.</summary>
    private sealed class ConnectionGroup
    {
        private readonly KeyedCounter<(string Kind, string Whose)> _perKey = new();
        private int _openCount;

        /// <param name="mostOfAll">The most that there may be of all together.</param>
        /// <param name="shares">As what and whose it is counted, each with the most that there may be.</param>
        public IDisposable Acquire(int mostOfAll, params (string Kind, string Whose, int Most)[] shares)
        {
            var total = Interlocked.Increment(ref _openCount);
            var counts = Array.ConvertAll(shares, share => _perKey.Increment((share.Kind, share.Whose)));
            var place = new ConnectionLease(this, shares);
            try
            {
                if (total > mostOfAll && mostOfAll > 0) throw new Unavailable("This gateway has as many listeners as it can have. Try again shortly.", retryAfter: 5);
                foreach (var ((kind, _, most), count) in shares.Zip(counts))
                    if (count > most && most > 0) throw new RateLimited($"No more than {most} {kind} at once. Close one of them first.", retryAfter: 5);
                return place;
            }
            catch
            {
                place.Dispose();
                throw;
            }
        }

        private sealed class ConnectionLease(ConnectionGroup group, (string Kind, string Whose, int)[] shares) : IDisposable
        {
            private int _isReleased;

            public void Dispose()
            {
                if (Interlocked.Exchange(ref _isReleased, 1) != 0) return;
                Interlocked.Decrement(ref group._openCount);
                foreach (var (kind, whose, _) in shares) group._perKey.Decrement((kind, whose));
            }
        }
    }
}
