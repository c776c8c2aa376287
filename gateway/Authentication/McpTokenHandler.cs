using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace MedCor.Gateway.Authentication;

/// <summary>Authenticates users by an access token for MCP, and service accounts by such a token or an API key, in the <c>Authorization</c> header.</summary>
internal sealed class McpTokenHandler(IOptionsMonitor<AuthenticationSchemeOptions> options, McpTokens tokens, ApiKeyTokens apiKeys) : CredentialHandler(options)
{
    public const string SchemeName = "McpToken";

    protected override async ValueTask<CallerIdentity> IdentifyAsync() =>
        ApiKeyTokens.FindKey(Request.Headers.Authorization.ToString()) is { } key
            ? CallerIdentity.ForKey(SchemeName, await apiKeys.ExchangeAsync(key, Context.Connection.RemoteIpAddress, Context.RequestAborted), key)
            : CallerIdentity.For(SchemeName, await tokens.ExchangeAsync(Context));
}
