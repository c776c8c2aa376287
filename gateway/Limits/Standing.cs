using MedCor.ServiceDefaults.Access;
using MedCor.ServiceDefaults.Problems;
using Microsoft.Extensions.Options;

namespace MedCor.Gateway.Limits;

/// <summary>
/// Counts the connections that stand, at this process: WebSockets and event streams of each user, WebSockets on which nobody has said yet who they are of each address, and all together.
/// A program that chats with the server token is no user: it is counted among all alone. Dispose of a place when the connection is gone.
/// </summary>
internal sealed class Standing(IOptions<LimitOptions> options)
{
    /// <summary>WebSockets of one address on which nobody has said yet who they are. They have ten seconds to.</summary>
    internal const int MostStrangers = 100;

    private readonly Tally<(string Kind, string Whose)> each = new();
    private int all;

    /// <summary>A WebSocket of somebody. Throws <see cref="TooMany"/> when they have too many, <see cref="Unavailable"/> when there are too many of all.</summary>
    public IDisposable Socket(Caller whose) => Take("WebSockets", Entrance.NameOf(whose), options.Value.Sockets);

    /// <summary>A stream of events for somebody, or for a program. Throws as <see cref="Socket"/> does.</summary>
    public IDisposable Stream(Caller? whose) => Take("event streams", whose is null ? "" : Entrance.NameOf(whose), whose is null ? 0 : options.Value.Streams);

    /// <summary>A WebSocket of somebody who has yet to say who they are. Throws as <see cref="Socket"/> does.</summary>
    public IDisposable Stranger(HttpContext http) => Take("WebSockets without auth", Address.Of(http), MostStrangers);

    private Place Take(string kind, string whose, int most)
    {
        if (Interlocked.Increment(ref all) > options.Value.Listeners && options.Value.Listeners > 0)
        {
            Interlocked.Decrement(ref all);
            throw new Unavailable("This gateway has as many listeners as it can have. Try again shortly.", retryAfter: 5);
        }
        if (each.More((kind, whose)) <= most || most == 0) return new(this, (kind, whose));
        Leave((kind, whose));
        throw new TooMany($"No more than {most} {kind} at once. Close one of them first.", retryAfter: 5);
    }

    private void Leave((string, string) whose)
    {
        Interlocked.Decrement(ref all);
        each.Less(whose);
    }

    private sealed class Place(Standing standing, (string, string) whose) : IDisposable
    {
        private int isGone;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref isGone, 1) == 0) standing.Leave(whose);
        }
    }
}
