using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;

namespace MedCor.ServiceDefaults.Authentication;

/// <summary>
/// Creates the keys under which addresses are counted. An IPv6 address is counted by its /64, because a household has 2^64 addresses, and also by its /48,
/// because the holder of a /48 has 65,536 networks of size /64.
/// </summary>
public static class NetworkKey
{
    /// <summary>The limit of a /48 as a multiple of the limit of a /64.</summary>
    public const int SiteMultiplier = 10;

    /// <summary>Returns the key of the client that sent a request.</summary>
    public static string ForClient(HttpContext http) => ForClient(http.Connection.RemoteIpAddress);

    /// <summary>Returns the key of an address: an IPv4 address itself, the /64 of an IPv6 address, and <c>unknown</c> for null.</summary>
    public static string ForClient(IPAddress? address) => address switch
    {
        null => "unknown",
        { IsIPv4MappedToIPv6: true } mapped => mapped.MapToIPv4().ToString(),
        { AddressFamily: AddressFamily.InterNetworkV6 } six => Network(six, bytes: 8),
        var four => four.ToString(),
    };

    /// <summary>Returns the /48 of an IPv6 address; null for any other address.</summary>
    public static string? ForSite(IPAddress? address) =>
        address is { AddressFamily: AddressFamily.InterNetworkV6, IsIPv4MappedToIPv6: false } six ? $"{Network(six, bytes: 6)}/48" : null;

    private static string Network(IPAddress six, int bytes) => new IPAddress([.. six.GetAddressBytes()[..bytes], .. new byte[16 - bytes]]).ToString();
}
