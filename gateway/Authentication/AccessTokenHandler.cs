using MedCor.ServiceDefaults.Authentication;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace MedCor.Gateway.Authentication;

/// <summary>Authenticates users by an access token, and service accounts by an access token or an API key, in the <c>Authorization</c> header.</summary>
internal sealed class AccessTokenHandler(IOptionsMonitor<AuthenticationSchemeOptions> options, TokenValidator tokens, ApiKeyTokens apiKeys)
    : CredentialHandler(options)
{
    public const string SchemeName = "AccessToken";

    protected override async ValueTask<CallerIdentity> IdentifyAsync()
    {
        var authorization = Request.Headers.Authorization.ToString();
        return ApiKeyTokens.FindKey(authorization) is { } key
            ? CallerIdentity.ForKey(SchemeName, await apiKeys.ExchangeAsync(key, Context.Connection.RemoteIpAddress, Context.RequestAborted), key)
            : CallerIdentity.For(SchemeName, await tokens.AuthenticateAsync(Context), authorization);
    }
}
