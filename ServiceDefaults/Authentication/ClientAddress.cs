using System.Net;
using Microsoft.AspNetCore.Http;

namespace MedCor.ServiceDefaults.Authentication;

/// <summary>
/// Where a call came from, for the record: nothing is decided by it. The gateway tells it in a header that it takes from no client. Whoever reaches a service past the
/// gateway could tell anything, so beside it stands who handed the call over, which the network tells.
/// </summary>
public static class ClientAddress
{
    public const string Header = "X-Client-Address";

    /// <summary>The other end of the connection.</summary>
    public static string? PeerAddress(this HttpContext http) => Format(http.Connection.RemoteIpAddress);

    /// <summary>The client's address as the gateway told it; none when what came is no address.</summary>
    public static string? ForwardedAddress(this HttpContext http) =>
        IPAddress.TryParse(http.Request.Headers[Header].ToString(), out var address) ? Format(address) : null;

    private static string? Format(IPAddress? address) => (address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address)?.ToString();
}
