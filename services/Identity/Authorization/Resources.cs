using MedCor.Identity.Keys;
using MedCor.ServiceDefaults.Authentication;
using Microsoft.Extensions.Options;

namespace MedCor.Identity.Authorization;

/// <summary>
/// Names the resources for which tokens are issued (RFC 8707): MCP at <c>/mcp</c>, which is the default, and everything else at <c>/api</c>. A token is good
/// for one of them alone.
/// </summary>
internal sealed class Resources(IOptions<KeyOptions> keys, IOptions<TokenOptions> tokens)
{
    private readonly string _publicUrl = keys.Value.PublicUrl.TrimEnd('/');

    private string Mcp => _publicUrl + "/mcp";

    private string Api => _publicUrl + "/api";

    /// <summary>Gets the resources that a request may name. Clients name MCP in several ways.</summary>
    internal IReadOnlyList<string> Accepted => [Mcp, Mcp + "/", _publicUrl, _publicUrl + "/", Api, Api + "/"];

    /// <summary>Returns the audience of the tokens for a resource; null names the default.</summary>
    internal string GetAudience(string? resource) => resource?.TrimEnd('/') == Api ? tokens.Value.Audience : Mcp;
}
