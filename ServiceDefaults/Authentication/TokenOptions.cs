using System.ComponentModel.DataAnnotations;

namespace MedCor.ServiceDefaults.Authentication;

/// <summary>Configures what the issuer and the validators of tokens agree on. Section <c>Tokens</c>.</summary>
public sealed class TokenOptions
{
    /// <summary>Gets or sets the issuer of tokens, <c>iss</c>, where no public URL is configured; and of those from versions that had none.</summary>
    [Required]
    public string Issuer { get; set; } = "medcor";

    /// <summary>
    /// Gets or sets the URL at which clients reach MedCor: <c>Identity:PublicUrl</c>, the same for all processes. It is the issuer of tokens.
    /// </summary>
    [Url]
    public string? PublicUrl { get; set; }

    /// <summary>The public URL where none is configured: that of the gateway on a developer's machine.</summary>
    public const string DefaultPublicUrl = "http://localhost:8002";

    /// <summary>Gets the URL of the authorization server, by which clients find it and which its tokens name as their issuer.</summary>
    public string ServerUrl => new Uri(PublicUrl ?? DefaultPublicUrl).AbsoluteUri.TrimEnd('/');

    /// <summary>Gets the audience of the tokens for MCP: the URL of its endpoint.</summary>
    public string McpAudience => ServerUrl + "/mcp";

    /// <summary>Gets the issuer of new tokens.</summary>
    public string CurrentIssuer => PublicUrl?.TrimEnd('/') ?? Issuer;

    /// <summary>Gets the issuers whose tokens are valid. Both are Identity.</summary>
    internal string[] AcceptedIssuers => [Issuer, CurrentIssuer];

    /// <summary>Gets or sets the audience of tokens, <c>aud</c>.</summary>
    [Required]
    public string Audience { get; set; } = "medcor";

    /// <summary>Gets or sets the maximum lifetime of a token, in seconds: <c>MCP_JWT_EXPIRY</c>, a top-level setting.</summary>
    [Range(1, MaxConfigurableSeconds, ErrorMessage = "MCP_JWT_EXPIRY must be between 1 and 86400 seconds.")]
    public int MaxLifetimeSeconds { get; set; } = 3600;

    /// <summary>The largest lifetime that can be configured, in seconds: one day.</summary>
    public const int MaxConfigurableSeconds = 86_400;
}
