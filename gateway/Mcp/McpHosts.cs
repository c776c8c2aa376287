using System.Net;
using MedCor.Contracts;
using MedCor.Gateway.HttpPipeline;
using MedCor.ServiceDefaults.Authentication;
using Microsoft.Extensions.Options;

namespace MedCor.Gateway.Mcp;

/// <summary>Determines by which host names MCP may be called, and from pages of which origins.</summary>
internal sealed class McpHosts(IOptions<McpOptions> options, IOptions<TokenOptions> tokens, AllowedOrigins origins, IHostEnvironment environment)
{
    private readonly Uri _self = new(tokens.Value.McpAudience);
    private readonly HashSet<string> _hosts = new([
        new Uri(tokens.Value.McpAudience).Host,
        .. (options.Value.AllowedHosts ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries),
    ], StringComparer.OrdinalIgnoreCase);
    private readonly bool _isDevelopment = environment.IsDevelopment();

    /// <exception cref="Forbidden">The host or the origin of a request is not allowed.</exception>
    public void ThrowIfForbidden(HttpRequest request)
    {
        if (!_hosts.Contains(request.Host.Host) && !(_isDevelopment && IsThisMachine(request.Host.Host)))
            throw new Forbidden("MCP is not called by this host name. MCP_ALLOWED_HOSTS names those by which it is.");
        if (request.Headers.Origin.ToString() is { Length: > 0 } origin && origin != _self.GetLeftPart(UriPartial.Authority) && !origins.IsAllowed(origin))
            throw new Forbidden("Pages of this origin may not call MCP. MCP_ALLOWED_ORIGINS names those that may.");
    }

    private static bool IsThisMachine(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address);
}
