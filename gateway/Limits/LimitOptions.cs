using System.ComponentModel.DataAnnotations;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.HttpOverrides;
using IPNetwork = System.Net.IPNetwork;

namespace MedCor.Gateway.Limits;

/// <summary>Configures the rate limits, connection limits and memory limits, and the trusted proxies.</summary>
internal sealed class LimitOptions : IValidatableObject
{
    private const int MaxLimit = 1_000_000;

    private static readonly IPNetwork[] PrivateNetworks =
        [.. ((string[])["10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "fd00::/8"]).Select(IPNetwork.Parse)];

    /// <summary>Gets or sets the maximum number of calls per minute of one user, or of one address when the user is unknown; 0 for no limit.</summary>
    [ConfigurationKeyName("MCP_RATE_LIMIT")]
    [Range(0, MaxLimit, ErrorMessage = "MCP_RATE_LIMIT must be 0 to 1000000 calls per minute.")]
    public int CallsPerMinute { get; set; } = 100;

    /// <summary>
    /// Gets or sets the maximum number of log-in attempts per minute and address; 0 for no limit. The default is a fifth of <see cref="CallsPerMinute"/>.
    /// </summary>
    [ConfigurationKeyName("MCP_LOGIN_RATE_LIMIT")]
    [Range(0, MaxLimit, ErrorMessage = "MCP_LOGIN_RATE_LIMIT must be 0 to 1000000 attempts per minute.")]
    public int? LogInsPerMinute { get; set; }

    /// <summary>
    /// Gets or sets the proxies in front of the gateway, as comma-separated addresses or networks (<c>10.244.7.0/24</c>). X-Forwarded-For is trusted only
    /// in requests from these proxies. By default there are none, and a caller's address is that of its connection. Never set a whole private network: any
    /// other host in it could forge addresses.
    /// </summary>
    [ConfigurationKeyName("MCP_TRUSTED_PROXIES")]
    public string? TrustedProxies { get; set; }

    /// <summary>
    /// Gets or sets the maximum number of proxies that a call passes in sequence: this many entries of X-Forwarded-For are trusted, starting from the last.
    /// </summary>
    [ConfigurationKeyName("MCP_TRUSTED_HOPS")]
    [Range(1, 10, ErrorMessage = "MCP_TRUSTED_HOPS must be 1 to 10 proxies, one behind the other.")]
    public int TrustedHops { get; set; } = 1;

    /// <summary>Gets or sets the maximum number of WebSockets that one user can have open at one gateway; 0 for no limit.</summary>
    [ConfigurationKeyName("MCP_MAX_SOCKETS")]
    [Range(0, MaxLimit, ErrorMessage = "MCP_MAX_SOCKETS must be 0 to 1000000 WebSockets.")]
    public int MaxSocketsPerUser { get; set; } = 5;

    /// <summary>
    /// Gets or sets the maximum number of event streams (live events and chat answers) that one user can have open at one gateway; 0 for no limit.
    /// </summary>
    [ConfigurationKeyName("MCP_MAX_STREAMS")]
    [Range(0, MaxLimit, ErrorMessage = "MCP_MAX_STREAMS must be 0 to 1000000 streams.")]
    public int MaxStreamsPerUser { get; set; } = 10;

    /// <summary>Gets or sets the maximum number of WebSockets and event streams of all users at one gateway; 0 for no limit.</summary>
    [ConfigurationKeyName("MCP_MAX_LISTENERS")]
    [Range(0, MaxLimit, ErrorMessage = "MCP_MAX_LISTENERS must be 0 to 1000000 WebSockets and streams.")]
    public int MaxListeners { get; set; } = 10_000;

    /// <summary>
    /// Gets or sets the maximum number of connections of all clients at one gateway; 0 for no limit. The default is <see cref="UsualConnections"/>, or, if
    /// lower, the number of connections of <see cref="MemoryOfConnection"/> bytes that fit into half of the memory of the process.
    /// </summary>
    [ConfigurationKeyName("MCP_MAX_CONNECTIONS")]
    [Range(0, MaxLimit, ErrorMessage = "MCP_MAX_CONNECTIONS must be 0 to 1000000 connections.")]
    public int? MaxConnections { get; set; }

    public const int UsualConnections = 20_000;

    /// <summary>The measured maximum number of bytes that a connection uses: 16 KiB of objects, a block to read and one to write.</summary>
    public const int MemoryOfConnection = 24 * 1024;

    /// <summary>
    /// Gets or sets the maximum number of connections from one address (for IPv6, one /64) at one gateway, excluding trusted proxies; 0 for no limit. The
    /// default is no limit in Development and <see cref="DefaultConnectionsPerAddress"/> elsewhere.
    /// </summary>
    [ConfigurationKeyName("MCP_MAX_CONNECTIONS_PER_ADDRESS")]
    [Range(0, MaxLimit, ErrorMessage = "MCP_MAX_CONNECTIONS_PER_ADDRESS must be 0 to 1000000 connections.")]
    public int? MaxConnectionsPerAddress { get; set; }

    /// <summary>The default limit of connections per address, high enough for a whole hospital behind one address.</summary>
    public const int DefaultConnectionsPerAddress = 1000;

    /// <summary>
    /// Gets or sets the maximum number of bytes of requests, messages and responses in memory at one gateway. One caller can use a quarter of it.
    /// </summary>
    [ConfigurationKeyName("MCP_MAX_WAITING_BYTES")]
    [Range(MinBufferedBytes, int.MaxValue,
        ErrorMessage = "MCP_MAX_WAITING_BYTES must be 100663296 to 2147483647 bytes: a caller may have a quarter, which the largest answer fits into.")]
    public int MaxBufferedBytes { get; set; } = 128 * 1024 * 1024;

    private const int MinBufferedBytes = 96 * 1024 * 1024;

    /// <summary>Returns the limit of a policy per window; 0 for no limit.</summary>
    /// <param name="policy">One of <see cref="RateLimitPolicy"/>.</param>
    public int GetLimit(string policy) => policy switch
    {
        RateLimitPolicy.LogIns => EffectiveLogInsPerMinute,
        // Those of all the programs in a hospital.
        RateLimitPolicy.TokenAttempts => CallsPerMinute * 10,
        RateLimitPolicy.Registrations => (CallsPerMinute + 9) / 10,
        _ => CallsPerMinute,
    };

    public int EffectiveLogInsPerMinute => LogInsPerMinute ?? (CallsPerMinute + 4) / 5;

    private IEnumerable<IPNetwork> Proxies =>
        (TrustedProxies ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(ParseNetwork);

    /// <summary>Configures the forwarded headers so that a caller's address is taken from trusted proxies only.</summary>
    public void ConfigureForwardedHeaders(ForwardedHeadersOptions forwarded)
    {
        forwarded.KnownProxies.Clear();
        forwarded.KnownIPNetworks.Clear();
        foreach (var network in Proxies) forwarded.KnownIPNetworks.Add(network);
        forwarded.ForwardedHeaders = forwarded.KnownIPNetworks.Count > 0 ? ForwardedHeaders.XForwardedFor : ForwardedHeaders.None;
        forwarded.ForwardLimit = TrustedHops;
    }

    /// <summary>Returns whether an address is that of a trusted proxy.</summary>
    public bool IsTrustedProxy(IPAddress? address) =>
        address is not null && Proxies.Any(p => p.Contains(address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address));

    public IEnumerable<ValidationResult> Validate(ValidationContext context)
    {
        IPNetwork[]? proxies = null;
        try
        {
            proxies = [.. Proxies];
        }
        catch (FormatException)
        {
            // Reported below.
        }
        if (proxies is null) yield return new("MCP_TRUSTED_PROXIES must be addresses or networks such as 10.244.7.0/24, comma-separated.");
        else
            foreach (var wide in proxies.Where(IsTooWide))
                yield return new(
                    $"MCP_TRUSTED_PROXIES must name the proxies' own addresses or network: {wide} is a whole private network, or one wider than /16 "
                        + "(IPv6: /48), and any other host in it could forge a caller's address.");
    }

    /// <summary>
    /// Returns whether a network contains all or much of a network that no rule assigns to a single owner (private networks, those of carriers, and with
    /// them the whole address space). A large part counts as well, because two halves are as much as the whole.
    /// </summary>
    private static bool IsTooWide(IPNetwork network) =>
        PrivateNetworks.Where(whole => whole.BaseAddress.AddressFamily == network.BaseAddress.AddressFamily).Any(whole =>
            network.Contains(whole.BaseAddress) && network.PrefixLength <= whole.PrefixLength
            || whole.Contains(network.BaseAddress) && network.PrefixLength < (network.BaseAddress.AddressFamily == AddressFamily.InterNetwork ? 16 : 48));

    private static IPNetwork ParseNetwork(string text)
    {
        if (text.Contains('/')) return IPNetwork.Parse(text);
        var address = IPAddress.Parse(text);
        return new(address, address.GetAddressBytes().Length * 8);
    }
}
