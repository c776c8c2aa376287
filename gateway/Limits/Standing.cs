using MedCor.ServiceDefaults.Access;
using MedCor.ServiceDefaults.Problems;
using Microsoft.Extensions.Options;

namespace MedCor.Gateway.Limits;

/// <summary>
/// Counts the connections that stand, at this process: WebSockets and event streams of each user and of all together; and apart from them, so that nobody can take listeners' places without a
/// token, WebSockets on which nobody has said yet who they are, of each address and of all together. A program that chats with the server token is no user: it is counted among all alone.
/// Dispose of a place when the connection is gone.
/// </summary>
internal sealed class Standing(IOptions<LimitOptions> options)
{
    /// <summary>WebSockets of one address on which nobody has said yet who they are. They have ten seconds to.</summary>
    internal const int MostStrangers = 100;

    /// <summary>WebSockets on which nobody has said yet who they are, of all addresses together.</summary>
    internal const int MostStrangersOfAll = 2000;

    private readonly Group listeners = new();
    private readonly Group strangers = new();

    /// <summary>A WebSocket of somebody. Throws <see cref="TooMany"/> when they have too many, <see cref="Unavailable"/> when there are too many of all.</summary>
    public IDisposable Socket(Caller whose) => listeners.Take(options.Value.Listeners, ("WebSockets", Entrance.NameOf(whose), options.Value.Sockets));

    /// <summary>A stream of events for somebody, or for a program. Throws as <see cref="Socket"/> does.</summary>
    public IDisposable Stream(Caller? whose) => whose is null
        ? listeners.Take(options.Value.Listeners)
        : listeners.Take(options.Value.Listeners, ("event streams", Entrance.NameOf(whose), options.Value.Streams));

    /// <summary>A WebSocket of somebody who has yet to say who they are. Throws as <see cref="Socket"/> does.</summary>
    public IDisposable Stranger(HttpContext http)
    {
        const string Kind = "WebSockets without auth";
        var address = http.Connection.RemoteIpAddress;
        (string, string, int) ofAddress = (Kind, Address.Of(address), MostStrangers);
        return Address.SiteOf(address) is { } site
            ? strangers.Take(MostStrangersOfAll, ofAddress, (Kind, site, MostStrangers * Address.SharesOfSite))
            : strangers.Take(MostStrangersOfAll, ofAddress);
    }

    /// <summary>Connections that have a bound together, and shares of it. A bound of 0 is none.</summary>
    private sealed class Group
    {
        private readonly Tally<(string Kind, string Whose)> each = new();
        private int all;

        /// <param name="mostOfAll">The most that there may be of all together.</param>
        /// <param name="shares">As what and whose it is counted, each with the most that there may be.</param>
        public IDisposable Take(int mostOfAll, params (string Kind, string Whose, int Most)[] shares)
        {
            var total = Interlocked.Increment(ref all);
            var counts = Array.ConvertAll(shares, share => each.More((share.Kind, share.Whose)));
            var place = new Place(this, shares);
            try
            {
                if (total > mostOfAll && mostOfAll > 0) throw new Unavailable("This gateway has as many listeners as it can have. Try again shortly.", retryAfter: 5);
                foreach (var ((kind, _, most), count) in shares.Zip(counts))
                    if (count > most && most > 0) throw new TooMany($"No more than {most} {kind} at once. Close one of them first.", retryAfter: 5);
                return place;
            }
            catch
            {
                place.Dispose();
                throw;
            }
        }

        private sealed class Place(Group group, (string Kind, string Whose, int)[] shares) : IDisposable
        {
            private int isGone;

            public void Dispose()
            {
                if (Interlocked.Exchange(ref isGone, 1) != 0) return;
                Interlocked.Decrement(ref group.all);
                foreach (var (kind, whose, _) in shares) group.each.Less((kind, whose));
            }
        }
    }
}
