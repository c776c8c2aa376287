using System.Net;
using Microsoft.AspNetCore.Http;

namespace MedCor.ServiceDefaults.Authentication;

/// <summary>
/// Reads the addresses from which a request came. They are recorded, and failed logins are counted by them; nothing is permitted because of one. The gateway
/// sets the header and accepts it from no client. Because a sender that bypasses the gateway can set the header to anything, the peer address, which comes from
/// the connection, is recorded beside it.
/// </summary>
public static class ClientAddress
{
    public const string Header = "X-Client-Address";

    /// <summary>Returns the address of the connection's remote end.</summary>
    public static string? PeerAddress(this HttpContext http) => Format(http.Connection.RemoteIpAddress);

    /// <summary>Returns the client address that the gateway forwarded; null when the header is missing or not an IP address.</summary>
    public static string? ForwardedAddress(this HttpContext http) =>
        IPAddress.TryParse(http.Request.Headers[Header].ToString(), out var address) ? Format(address) : null;

    private static string? Format(IPAddress? address) => (address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address)?.ToString();
}
