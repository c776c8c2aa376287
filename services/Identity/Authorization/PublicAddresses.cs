using System.Net;
using System.Net.Sockets;

namespace MedCor.Identity.Authorization;

/// <summary>Distinguishes the addresses of the public internet from those that only this network or this machine can reach.</summary>
internal static class PublicAddresses
{
    /// <summary>The networks of the registries of special-purpose addresses (RFC 6890), multicast, and hosts at which clouds tell secrets.</summary>
    private static readonly IPNetwork[] Special =
    [
        .. ((string[])
        [
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24",
            "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4", "168.63.129.16/32",
            // Within the global unicast addresses: protocol assignments with Teredo, documentation, 6to4.
            "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
        ]).Select(IPNetwork.Parse),
    ];

    /// <summary>The global unicast addresses. All other IPv6 addresses are local, multicast, translated from IPv4 or not assigned.</summary>
    private static readonly IPNetwork GlobalUnicast = IPNetwork.Parse("2000::/3");

    /// <summary>Returns whether an address belongs to the public internet. An IPv4 address that is written as an IPv6 address is judged as IPv4.</summary>
    internal static bool IsPublic(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        return (address.AddressFamily == AddressFamily.InterNetwork || GlobalUnicast.Contains(address))
            && !Special.Any(network => network.Contains(address));
    }
}
