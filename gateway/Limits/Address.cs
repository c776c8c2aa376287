using System.Net;
using System.Net.Sockets;

namespace MedCor.Gateway.Limits;

/// <summary>What is counted where an address is counted. Of IPv6 the network alone: a household has 2^64 addresses.</summary>
internal static class Address
{
    /// <summary>That of the client of a request.</summary>
    public static string Of(HttpContext http) => Of(http.Connection.RemoteIpAddress);

    public static string Of(IPAddress? address) => address switch
    {
        null => "unknown",
        { IsIPv4MappedToIPv6: true } mapped => mapped.MapToIPv4().ToString(),
        { AddressFamily: AddressFamily.InterNetworkV6 } six => new IPAddress([.. six.GetAddressBytes()[..8], .. new byte[8]]).ToString(),
        var four => four.ToString(),
    };
}
