using System.ComponentModel.DataAnnotations;
using System.Net;
using Microsoft.AspNetCore.HttpOverrides;
using IPNetwork = System.Net.IPNetwork;

namespace MedCor.Gateway.Limits;

/// <summary>How often one caller may call.</summary>
internal sealed class LimitOptions : IValidatableObject
{
    private const int Most = 1_000_000;

    /// <summary>Calls per minute of one user, or of one address where no user is known; 0 for any number.</summary>
    [ConfigurationKeyName("MCP_RATE_LIMIT")]
    [Range(0, Most, ErrorMessage = "MCP_RATE_LIMIT must be 0 to 1000000 calls per minute.")]
    public int Calls { get; set; } = 100;

    /// <summary>Attempts to log in per minute and address; 0 for any number. A fifth of <see cref="Calls"/> unless given.</summary>
    [ConfigurationKeyName("MCP_LOGIN_RATE_LIMIT")]
    [Range(0, Most, ErrorMessage = "MCP_LOGIN_RATE_LIMIT must be 0 to 1000000 attempts per minute.")]
    public int? LogIns { get; set; }

    /// <summary>
    /// The proxies before the gateway, as addresses or networks (<c>10.0.0.0/8</c>), comma-separated: of what they send alone is X-Forwarded-For believed.
    /// None unless given, and then a caller's address is that of their connection.
    /// </summary>
    [ConfigurationKeyName("MCP_TRUSTED_PROXIES")]
    public string? TrustedProxies { get; set; }

    public int LogInsOrUsual => LogIns ?? (Calls + 4) / 5;

    private IEnumerable<IPNetwork> Proxies => (TrustedProxies ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(Network);

    /// <summary>Takes a caller's address from the trusted proxies, and from nobody else.</summary>
    public void Trust(ForwardedHeadersOptions forwarded)
    {
        forwarded.KnownProxies.Clear();
        forwarded.KnownIPNetworks.Clear();
        foreach (var network in Proxies) forwarded.KnownIPNetworks.Add(network);
        forwarded.ForwardedHeaders = forwarded.KnownIPNetworks.Count > 0 ? ForwardedHeaders.XForwardedFor : ForwardedHeaders.None;
        forwarded.ForwardLimit = null;
    }

    public IEnumerable<ValidationResult> Validate(ValidationContext context)
    {
        var bad = false;
        try
        {
            _ = Proxies.ToArray();
        }
        catch (FormatException)
        {
            bad = true;
        }
        if (bad) yield return new("MCP_TRUSTED_PROXIES must be addresses or networks such as 10.0.0.0/8, comma-separated.");
    }

    private static IPNetwork Network(string text)
    {
        if (text.Contains('/')) return IPNetwork.Parse(text);
        var address = IPAddress.Parse(text);
        return new(address, address.GetAddressBytes().Length * 8);
    }
}
