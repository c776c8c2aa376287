using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;

namespace MedCor.Identity.Authorization;

/// <summary>Represents what a host has answered.</summary>
/// <param name="MediaType">The media type of the body; null when the host did not say.</param>
internal sealed record PublicResponse(HttpStatusCode Status, string? MediaType, CacheControlHeaderValue? CacheControl, ReadOnlyMemory<byte> Body);

/// <summary>Sends requests to addresses that others have named.</summary>
/// <remarks>
/// Anyone can name any address, so a request must not reach what only this network can. The name is resolved once, all of its addresses must be public, and the
/// connection goes to one of them. There are no redirects, no proxy and no cookies; time, size, and the number of requests at once are limited, in all and for
/// each host, so that a host that answers slowly does not keep others waiting.
/// </remarks>
/// <param name="allowsLoopback">Whether addresses on this machine are permitted too, also over http.</param>
internal sealed class PublicHttp(bool allowsLoopback, TimeProvider clock) : IDisposable
{
    /// <summary>The maximum size of a response, in bytes.</summary>
    internal const int MaxSize = 64 * 1024;

    /// <summary>The maximum number of requests at once; others wait, within the timeout.</summary>
    internal const int MaxRequests = 8;

    /// <summary>The maximum number of requests at once to one host.</summary>
    internal const int MaxRequestsPerHost = 2;

    /// <summary>The maximum number of requests that wait; further ones are not sent.</summary>
    internal const int MaxWaiting = 64;

    /// <summary>The maximum number of requests to one host that wait; further ones are not sent.</summary>
    internal const int MaxWaitingPerHost = 8;

    internal static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim _slots = new(MaxRequests);
    private readonly Lock _lock = new();
    private readonly Dictionary<string, HostSlots> _hosts = new(StringComparer.OrdinalIgnoreCase);
    private int _requests;
    private readonly HttpClient _http = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseProxy = false,
        UseCookies = false,
        AutomaticDecompression = DecompressionMethods.None,
        MaxResponseHeadersLength = 16,
        // Each request connects anew, and so is checked anew.
        PooledConnectionLifetime = TimeSpan.Zero,
        ActivityHeadersPropagator = null,
        ConnectCallback = (context, ct) => ConnectAsync(context.DnsEndPoint, allowsLoopback, ct),
    })
    {
        Timeout = System.Threading.Timeout.InfiniteTimeSpan,
    };

    /// <summary>Returns whether requests to an address are sent: over https on its port, or over http to this machine where that is permitted.</summary>
    internal bool Accepts(Uri address) =>
        address is { Scheme: "https", Port: 443 } || (allowsLoopback && address.Scheme == Uri.UriSchemeHttp && address.IsLoopback);

    /// <summary>
    /// Sends a request and returns the response; null when there is none that can be used. Whoever asked is told no cause, which would describe this network.
    /// </summary>
    internal async Task<PublicResponse?> TrySendAsync(HttpRequestMessage request, CancellationToken ct)
    {
        var host = request.RequestUri!.IdnHost;
        if (!Accepts(request.RequestUri) || TryEnter(host) is not { } hostSlots) return null;
        using var timeout = new CancellationTokenSource(Timeout, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, ct);
        try
        {
            // First that of the host: a request that waits for its host keeps no other one waiting.
            await hostSlots.WaitAsync(either.Token);
            try
            {
                await _slots.WaitAsync(either.Token);
                try
                {
                    return await SendAsync(request, either.Token);
                }
                finally
                {
                    _slots.Release();
                }
            }
            finally
            {
                hostSlots.Release();
            }
        }
        catch (Exception e) when (e is HttpRequestException or IOException or SocketException
            || (e is OperationCanceledException && !ct.IsCancellationRequested))
        {
            return null;
        }
        finally
        {
            Leave(host, hostSlots);
        }
    }

    public void Dispose()
    {
        _http.Dispose();
        _slots.Dispose();
    }

    /// <summary>Connects to a host whose addresses are all permitted. TLS is still verified for the name of the host.</summary>
    internal static async ValueTask<Stream> ConnectAsync(DnsEndPoint host, bool allowLoopback, CancellationToken ct)
    {
        var addresses = await Dns.GetHostAddressesAsync(host.Host, ct);
        if (addresses.Length == 0 || !addresses.All(address => PublicAddresses.IsPublic(address) || (allowLoopback && IPAddress.IsLoopback(address))))
            throw new HttpRequestException("The host has an address that is not public.");
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(addresses, host.Port, ct);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Counts a request to a host and returns the slots for which it waits; null when too many wait already.</summary>
    private HostSlots? TryEnter(string host)
    {
        lock (_lock)
        {
            if (_requests == MaxRequests + MaxWaiting) return null;
            if (!_hosts.TryGetValue(host, out var slots)) _hosts.Add(host, slots = new());
            if (slots.Requests == MaxRequestsPerHost + MaxWaitingPerHost) return null;
            slots.Requests++;
            _requests++;
            return slots;
        }
    }

    private void Leave(string host, HostSlots slots)
    {
        lock (_lock)
        {
            _requests--;
            if (--slots.Requests > 0) return;
            _hosts.Remove(host);
            slots.Dispose();
        }
    }

    private async Task<PublicResponse?> SendAsync(HttpRequestMessage request, CancellationToken ct)
    {
        using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct);
        var buffer = new byte[MaxSize + 1];
        var length = await (await response.Content.ReadAsStreamAsync(ct)).ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, ct);
        return length > MaxSize
            ? null
            : new(response.StatusCode, response.Content.Headers.ContentType?.MediaType, response.Headers.CacheControl, buffer.AsMemory(0, length));
    }
    /// <summary>Represents the slots of a host to which requests are sent or wait.</summary>
    private sealed class HostSlots() : SemaphoreSlim(MaxRequestsPerHost)
    {
        /// <summary>Gets or sets the number of requests that are sent or wait.</summary>
        internal int Requests { get; set; }
    }
}
