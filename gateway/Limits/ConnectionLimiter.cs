using System.Net;
using System.Net.Sockets;
using MedCor.ServiceDefaults.Authentication;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;

namespace MedCor.Gateway.Limits;

/// <summary>
/// Limits what connections can cost before their users are known: the number of connections, per address and in total, how fast headers and bodies must
/// arrive, and how soon a lost peer is detected. A connection above a limit is closed immediately.
/// </summary>
internal sealed class ConnectionLimiter(IOptions<LimitOptions> options, IHostEnvironment environment)
    : IConfigureOptions<KestrelServerOptions>, IConfigureOptions<SocketTransportOptions>
{
    /// <summary>The time within which the headers of a request must be complete.</summary>
    internal static readonly TimeSpan HeadersTimeout = TimeSpan.FromSeconds(10);

    /// <summary>The time after which a connection without requests is closed.</summary>
    internal static readonly TimeSpan IdleTimeout = TimeSpan.FromMinutes(2);

    /// <summary>The minimum average rate at which a body must arrive after the grace period.</summary>
    internal const int MinBytesPerSecond = 1024;
    internal static readonly TimeSpan BodyRateGracePeriod = TimeSpan.FromSeconds(5);

    /// <summary>
    /// The time without acknowledgment of sent data after which the peer counts as lost: with heartbeats, the connection of a lost subscriber is released
    /// soon after.
    /// </summary>
    private const int TcpUserTimeoutMilliseconds = 60_000;

    /// <summary>
    /// The maximum number of received bytes of a request that wait to be read; beyond it, the sender must wait. Bytes that have been read are counted by
    /// <see cref="BufferedBytesLimiter"/>.
    /// </summary>
    private const int MaxUnreadBytes = 16 * 1024;

    private const int TcpUserTimeoutOption = 18;

    private readonly KeyedCounter<string> _perAddress = new();
    private int _total;

    private readonly Lazy<int> _maxConnections = new(() => options.Value.MaxConnections
        ?? (int)Math.Min(LimitOptions.UsualConnections, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 2 / LimitOptions.MemoryOfConnection));

    private int MaxPerAddress => options.Value.MaxConnectionsPerAddress ?? (environment.IsDevelopment() ? 0 : LimitOptions.DefaultConnectionsPerAddress);

    public void Configure(KestrelServerOptions kestrel)
    {
        kestrel.Limits.RequestHeadersTimeout = HeadersTimeout;
        kestrel.Limits.KeepAliveTimeout = IdleTimeout;
        // Kestrel requires at least the maximum size of the headers; MaxUnreadBytes, configured below, is the effective limit.
        kestrel.Limits.MaxRequestBufferSize = kestrel.Limits.MaxRequestHeadersTotalSize;
        kestrel.Limits.MinRequestBodyDataRate = new(MinBytesPerSecond, BodyRateGracePeriod);
        kestrel.ConfigureEndpointDefaults(endpoint => endpoint.Use(next => connection => AdmitAsync(connection, next)));
    }

    /// <summary>Applies <see cref="MaxUnreadBytes"/> to what the sockets read ahead. Written data already waits for its reader from 64 KiB on.</summary>
    public void Configure(SocketTransportOptions sockets) => sockets.MaxReadBufferSize = MaxUnreadBytes;

    private async Task AdmitAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        var address = (connection.RemoteEndPoint as IPEndPoint)?.Address;
        if (OperatingSystem.IsLinux() && connection.Features.Get<IConnectionSocketFeature>() is { Socket: { AddressFamily: not AddressFamily.Unix } socket })
            socket.SetRawSocketOption((int)SocketOptionLevel.Tcp, TcpUserTimeoutOption, BitConverter.GetBytes(TcpUserTimeoutMilliseconds));
        // Options are read here rather than in the constructor: all options are validated together when the host starts.
        var (maxTotal, maxPerAddress) = (_maxConnections.Value, options.Value.IsTrustedProxy(address) ? 0 : MaxPerAddress);
        var (client, site) = (NetworkKey.ForClient(address), NetworkKey.ForSite(address));
        try
        {
            var isLimitExceeded =
                (Interlocked.Increment(ref _total) > maxTotal && maxTotal > 0) | (_perAddress.Increment(client) > maxPerAddress && maxPerAddress > 0)
                    | (site is not null && _perAddress.Increment(site) > maxPerAddress * NetworkKey.SiteMultiplier && maxPerAddress > 0);
            if (isLimitExceeded) connection.Abort(new ConnectionAbortedException("There are too many connections."));
            else await next(connection);
        }
        finally
        {
            Interlocked.Decrement(ref _total);
            _perAddress.Decrement(client);
            if (site is not null) _perAddress.Decrement(site);
        }
    }
}
