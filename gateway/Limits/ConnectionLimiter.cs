using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;

namespace MedCor.Gateway.Limits;

/// <summary>
/// What a connection may cost before anybody knows whose it is: how many there are, of one address and of all, how quickly headers and bodies must come, and how soon it is known that the
/// other side is gone. One too many is closed at once.
/// </summary>
internal sealed class ConnectionLimiter(IOptions<LimitOptions> options, IHostEnvironment environment) : IConfigureOptions<KestrelServerOptions>, IConfigureOptions<SocketTransportOptions>
{
    /// <summary>The headers of a request must be complete within this time.</summary>
    internal static readonly TimeSpan HeadersTimeout = TimeSpan.FromSeconds(10);

    /// <summary>A connection on which nothing is asked is closed after this time.</summary>
    internal static readonly TimeSpan IdleTimeout = TimeSpan.FromMinutes(2);

    /// <summary>How quickly a body must come, on average, once the first seconds are over.</summary>
    internal const int MinBytesPerSecond = 1024;
    internal static readonly TimeSpan BodyRateGracePeriod = TimeSpan.FromSeconds(5);

    /// <summary>What was sent and is not acknowledged for so long tells that the other side is gone: with heartbeats, a listener's place is free soon after.</summary>
    private const int TcpUserTimeoutMilliseconds = 60_000;

    /// <summary>What has come of a request and is not read yet waits with its sender beyond this. What is read is counted; see <see cref="BufferedBytesLimiter"/>.</summary>
    private const int MaxUnreadBytes = 16 * 1024;

    private const int TcpUserTimeoutOption = 18;

    private readonly KeyedCounter<string> _perAddress = new();
    private int _total;

    private readonly Lazy<int> _most = new(() => options.Value.MaxConnections
        ?? (int)Math.Min(LimitOptions.UsualConnections, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 2 / LimitOptions.MemoryOfConnection));

    private int MaxPerAddress => options.Value.MaxConnectionsPerAddress ?? (environment.IsDevelopment() ? 0 : LimitOptions.DefaultConnectionsPerAddress);

    public void Configure(KestrelServerOptions kestrel)
    {
        kestrel.Limits.RequestHeadersTimeout = HeadersTimeout;
        kestrel.Limits.KeepAliveTimeout = IdleTimeout;
        // Not less than the headers may be, as the server demands; it is the next bound that holds.
        kestrel.Limits.MaxRequestBufferSize = kestrel.Limits.MaxRequestHeadersTotalSize;
        kestrel.Limits.MinRequestBodyDataRate = new(MinBytesPerSecond, BodyRateGracePeriod);
        kestrel.ConfigureEndpointDefaults(endpoint => endpoint.Use(next => connection => AdmitAsync(connection, next)));
    }

    /// <summary>The same for what the sockets read ahead. What is written waits for its reader from 64 KiB on as it is.</summary>
    public void Configure(SocketTransportOptions sockets) => sockets.MaxReadBufferSize = MaxUnreadBytes;

    private async Task AdmitAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        var address = (connection.RemoteEndPoint as IPEndPoint)?.Address;
        if (OperatingSystem.IsLinux() && connection.Features.Get<IConnectionSocketFeature>() is { Socket: { AddressFamily: not AddressFamily.Unix } socket })
            socket.SetRawSocketOption((int)SocketOptionLevel.Tcp, TcpUserTimeoutOption, BitConverter.GetBytes(TcpUserTimeoutMilliseconds));
        // Settings are asked for here, and not above: they are checked when the host starts, all at once.
        var (most, mostOfEach) = (_most.Value, options.Value.IsTrustedProxy(address) ? 0 : MaxPerAddress);
        var (whose, site) = (NetworkKey.ForClient(address), NetworkKey.ForSite(address));
        try
        {
            var isOneTooMany = (Interlocked.Increment(ref _total) > most && most > 0) | (_perAddress.Increment(whose) > mostOfEach && mostOfEach > 0)
                | (site is not null && _perAddress.Increment(site) > mostOfEach * NetworkKey.SiteMultiplier && mostOfEach > 0);
            if (isOneTooMany) connection.Abort(new ConnectionAbortedException("There are too many connections."));
            else await next(connection);
        }
        finally
        {
            Interlocked.Decrement(ref _total);
            _perAddress.Decrement(whose);
            if (site is not null) _perAddress.Decrement(site);
        }
    }
}
