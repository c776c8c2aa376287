using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;

namespace MedCor.ServiceDefaults.Authentication;

/// <summary>
/// Validates the access tokens for MCP, which are valid nowhere else, as <see cref="TokenValidator"/> does for all others. Only the authorization server
/// issues them, to client programs and with scopes, so a token without one of these is none.
/// </summary>
public sealed class McpTokenValidator(SigningKeyCache keys, RevocationList revocations, IOptions<TokenOptions> options, TimeProvider clock)
    : TokenValidator(keys, revocations, options, clock)
{
    private readonly string _audience = options.Value.McpAudience;
    private readonly string[] _issuers = [options.Value.ServerUrl];

    protected override string Audience => _audience;

    protected override IEnumerable<string> Issuers => _issuers;

    protected override IEnumerable<string> Types { get; } = [TokenTypes.AccessToken];

    protected override bool IsComplete(JsonWebToken token) =>
        token.Audiences.Count() == 1
        && token.TryGetPayloadValue<object>(TokenClaims.Scope, out var scope) && scope is string { Length: > 0 }
        && token.TryGetPayloadValue<object>(TokenClaims.ClientId, out var client) && client is string { Length: > 0 };
}
