using System.Net;
using System.Net.Sockets;

namespace MedCor.Gateway.Limits;

/// <summary>
/// What is counted where an address is counted. Of IPv6 the /64, since a household has 2^64 addresses, and beside it the /48, since whoever has one of those has 65,536 of the former.
/// </summary>
internal static class NetworkKey
{
    /// <summary>How many times as much as a /64 is a /48 allowed.</summary>
    public const int SiteMultiplier = 10;

    /// <summary>That of the client of a request.</summary>
    public static string ForClient(HttpContext http) => ForClient(http.Connection.RemoteIpAddress);

    public static string ForClient(IPAddress? address) => address switch
    {
        null => "unknown",
        { IsIPv4MappedToIPv6: true } mapped => mapped.MapToIPv4().ToString(),
        { AddressFamily: AddressFamily.InterNetworkV6 } six => Network(six, bytes: 8),
        var four => four.ToString(),
    };

    /// <summary>The /48 of an IPv6 address; none of others.</summary>
    public static string? ForSite(IPAddress? address) =>
        address is { AddressFamily: AddressFamily.InterNetworkV6, IsIPv4MappedToIPv6: false } six ? $"{Network(six, bytes: 6)}/48" : null;

    private static string Network(IPAddress six, int bytes) => new IPAddress([.. six.GetAddressBytes()[..bytes], .. new byte[16 - bytes]]).ToString();
}
