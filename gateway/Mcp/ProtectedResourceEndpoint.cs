using System.Text.Json;
using MedCor.Contracts;
using MedCor.Gateway.HttpPipeline;
using MedCor.Gateway.Limits;
using MedCor.ServiceDefaults.Authentication;
using Microsoft.Extensions.Options;

namespace MedCor.Gateway.Mcp;

/// <summary>
/// Maps the metadata of MCP as a protected resource (RFC 9728), from which clients learn the authorization server and the scopes: at the address that belongs
/// to <c>/mcp</c>, and at that of the whole host, which some clients try.
/// </summary>
internal sealed class ProtectedResourceEndpoint(IOptions<TokenOptions> tokens) : IEndpoints
{
    private const string Path = "/.well-known/oauth-protected-resource";

    /// <summary>Returns the address of the metadata of a resource.</summary>
    internal static string GetAddress(string resource)
    {
        var uri = new Uri(resource);
        return uri.GetLeftPart(UriPartial.Authority) + Path + uri.AbsolutePath;
    }

    public void Map(IEndpointRouteBuilder app)
    {
        var resource = tokens.Value.McpAudience;
        var metadata = new StaticResponse(JsonSerializer.SerializeToUtf8Bytes(new
        {
            resource,
            authorization_servers = (string[])[tokens.Value.ServerUrl],
            scopes_supported = (string[])["medcor.read", "medcor.write", "medcor.delete", "medcor.clinical"],
            bearer_methods_supported = (string[])["header"],
            resource_name = "MedCor",
        }, Json.Options), "application/json", "public, max-age=3600");
        foreach (var path in (string[])[Path + new Uri(resource).AbsolutePath, Path])
            app.MapGet(path, metadata.WriteToAsync).AllowAnonymous().WithRateLimit(RateLimitPolicy.Keys).ExcludeFromDescription();
    }
}
