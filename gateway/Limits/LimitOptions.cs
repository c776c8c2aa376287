using System.ComponentModel.DataAnnotations;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.HttpOverrides;
using IPNetwork = System.Net.IPNetwork;

namespace MedCor.Gateway.Limits;

/// <summary>How often one caller may call.</summary>
internal sealed class LimitOptions : IValidatableObject
{
    private const int MaxLimit = 1_000_000;

    private static readonly IPNetwork[] PrivateNetworks = [.. ((string[])["10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "fd00::/8"]).Select(IPNetwork.Parse)];

    /// <summary>Calls per minute of one user, or of one address where no user is known; 0 for any number.</summary>
    [ConfigurationKeyName("MCP_RATE_LIMIT")]
    [Range(0, MaxLimit, ErrorMessage = "MCP_RATE_LIMIT must be 0 to 1000000 calls per minute.")]
    public int CallsPerMinute { get; set; } = 100;

    /// <summary>Attempts to log in per minute and address; 0 for any number. A fifth of <see cref="CallsPerMinute"/> unless given.</summary>
    [ConfigurationKeyName("MCP_LOGIN_RATE_LIMIT")]
    [Range(0, MaxLimit, ErrorMessage = "MCP_LOGIN_RATE_LIMIT must be 0 to 1000000 attempts per minute.")]
    public int? LogInsPerMinute { get; set; }

    /// <summary>
    /// The proxies before the gateway, as addresses or networks (<c>10.244.7.0/24</c>), comma-separated: of what they send alone is X-Forwarded-For believed.
    /// None unless given, and then a caller's address is that of their connection. Never a whole private network: whoever else is in it could write any address.
    /// </summary>
    [ConfigurationKeyName("MCP_TRUSTED_PROXIES")]
    public string? TrustedProxies { get; set; }

    /// <summary>How many proxies a call passes one after the other, at most: of X-Forwarded-For so many entries are believed, from the last on.</summary>
    [ConfigurationKeyName("MCP_TRUSTED_HOPS")]
    [Range(1, 10, ErrorMessage = "MCP_TRUSTED_HOPS must be 1 to 10 proxies, one behind the other.")]
    public int TrustedHops { get; set; } = 1;

    /// <summary>WebSockets that one user may have open at one gateway; 0 for any number.</summary>
    [ConfigurationKeyName("MCP_MAX_SOCKETS")]
    [Range(0, MaxLimit, ErrorMessage = "MCP_MAX_SOCKETS must be 0 to 1000000 WebSockets.")]
    public int MaxSocketsPerUser { get; set; } = 5;

    /// <summary>Event streams, of live events and of answers in chat, that one user may have open at one gateway; 0 for any number.</summary>
    [ConfigurationKeyName("MCP_MAX_STREAMS")]
    [Range(0, MaxLimit, ErrorMessage = "MCP_MAX_STREAMS must be 0 to 1000000 streams.")]
    public int MaxStreamsPerUser { get; set; } = 10;

    /// <summary>WebSockets and event streams of all users together at one gateway; 0 for any number.</summary>
    [ConfigurationKeyName("MCP_MAX_LISTENERS")]
    [Range(0, MaxLimit, ErrorMessage = "MCP_MAX_LISTENERS must be 0 to 1000000 WebSockets and streams.")]
    public int MaxListeners { get; set; } = 10_000;

    /// <summary>
    /// Connections of all clients together at one gateway; 0 for any number. Unless given, <see cref="UsualConnections"/>, or as many as half of the memory of the process holds at
    /// <see cref="MemoryOfConnection"/> each, where those are fewer.
    /// </summary>
    [ConfigurationKeyName("MCP_MAX_CONNECTIONS")]
    [Range(0, MaxLimit, ErrorMessage = "MCP_MAX_CONNECTIONS must be 0 to 1000000 connections.")]
    public int? MaxConnections { get; set; }

    public const int UsualConnections = 20_000;

    /// <summary>Bytes that a connection takes at most, by measurement: 16 KiB of objects and a block to read or write.</summary>
    public const int MemoryOfConnection = 20 * 1024;

    /// <summary>Connections from one address, of IPv6 from one /64, at one gateway, trusted proxies aside; 0 for any number. Unless given, any number in Development and <see cref="DefaultConnectionsPerAddress"/> elsewhere.</summary>
    [ConfigurationKeyName("MCP_MAX_CONNECTIONS_PER_ADDRESS")]
    [Range(0, MaxLimit, ErrorMessage = "MCP_MAX_CONNECTIONS_PER_ADDRESS must be 0 to 1000000 connections.")]
    public int? MaxConnectionsPerAddress { get; set; }

    /// <summary>A hospital may be behind one address.</summary>
    public const int DefaultConnectionsPerAddress = 1000;

    /// <summary>Bytes of requests, messages and answers that are in memory at one gateway at once. Of them one caller may have a quarter.</summary>
    [ConfigurationKeyName("MCP_MAX_WAITING_BYTES")]
    [Range(MinBufferedBytes, int.MaxValue, ErrorMessage = "MCP_MAX_WAITING_BYTES must be 100663296 to 2147483647 bytes: a caller may have a quarter, which the largest answer fits into.")]
    public int MaxBufferedBytes { get; set; } = 128 * 1024 * 1024;

    private const int MinBufferedBytes = 96 * 1024 * 1024;

    public int EffectiveLogInsPerMinute => LogInsPerMinute ?? (CallsPerMinute + 4) / 5;

    private IEnumerable<IPNetwork> Proxies => (TrustedProxies ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(ParseNetwork);

    /// <summary>Takes a caller's address from the trusted proxies, and from nobody else.</summary>
    public void ConfigureForwardedHeaders(ForwardedHeadersOptions forwarded)
    {
        forwarded.KnownProxies.Clear();
        forwarded.KnownIPNetworks.Clear();
        foreach (var network in Proxies) forwarded.KnownIPNetworks.Add(network);
        forwarded.ForwardedHeaders = forwarded.KnownIPNetworks.Count > 0 ? ForwardedHeaders.XForwardedFor : ForwardedHeaders.None;
        forwarded.ForwardLimit = TrustedHops;
    }

    /// <summary>Whether an address is that of a trusted proxy.</summary>
    public bool IsTrustedProxy(IPAddress? address) => address is not null && Proxies.Any(p => p.Contains(address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address));

    public IEnumerable<ValidationResult> Validate(ValidationContext context)
    {
        IPNetwork[]? proxies = null;
        try
        {
            proxies = [.. Proxies];
        }
        catch (FormatException)
        {
            // Said below.
        }
        if (proxies is null) yield return new("MCP_TRUSTED_PROXIES must be addresses or networks such as 10.244.7.0/24, comma-separated.");
        else
            foreach (var wide in proxies.Where(IsTooWide))
                yield return new($"MCP_TRUSTED_PROXIES must name the proxies' own addresses or network: {wide} is a whole private network, or one wider than /16 (IPv6: /48), and whoever else is in it could pretend to be anybody.");
    }

    /// <summary>
    /// Whether a network holds all of one that is somebody's alone by no rule (private ones, those of carriers, and with them everything), or much of it: two halves are as much as the whole.
    /// </summary>
    private static bool IsTooWide(IPNetwork network) => PrivateNetworks.Where(whole => whole.BaseAddress.AddressFamily == network.BaseAddress.AddressFamily).Any(whole =>
        network.Contains(whole.BaseAddress) && network.PrefixLength <= whole.PrefixLength
        || whole.Contains(network.BaseAddress) && network.PrefixLength < (network.BaseAddress.AddressFamily == AddressFamily.InterNetwork ? 16 : 48));

    private static IPNetwork ParseNetwork(string text)
    {
        if (text.Contains('/')) return IPNetwork.Parse(text);
        var address = IPAddress.Parse(text);
        return new(address, address.GetAddressBytes().Length * 8);
    }
}
