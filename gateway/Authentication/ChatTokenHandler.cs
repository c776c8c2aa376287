using MedCor.ChatStreams;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace MedCor.Gateway.Authentication;

/// <summary>
/// Authenticates users and service accounts as <see cref="AccessTokenHandler"/> does, and programs by the server token, in the <c>Authorization</c> header.
/// </summary>
internal sealed class ChatTokenHandler(IOptionsMonitor<AuthenticationSchemeOptions> options, ChatAuthenticator callers, ApiKeyTokens apiKeys)
    : CredentialHandler(options)
{
    public const string SchemeName = "ChatToken";

    protected override async ValueTask<CallerIdentity> IdentifyAsync()
    {
        var authorization = Request.Headers.Authorization.ToString();
        return ApiKeyTokens.FindKey(authorization) is { } key
            ? CallerIdentity.ForKey(SchemeName, await apiKeys.ExchangeAsync(key, Context.Connection.RemoteIpAddress, Context.RequestAborted), key)
            : CallerIdentity.For(SchemeName, await callers.AuthenticateAsync(Context), authorization);
    }
}
