using MedCor.ChatStreams;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace MedCor.Gateway.Authentication;

/// <summary>Authenticates users by an access token, and programs by the server token, in the <c>Authorization</c> header.</summary>
internal sealed class ChatTokenHandler(IOptionsMonitor<AuthenticationSchemeOptions> options, ChatAuthenticator callers) : CredentialHandler(options)
{
    public const string SchemeName = "ChatToken";

    protected override async ValueTask<CallerIdentity> IdentifyAsync() =>
        CallerIdentity.For(SchemeName, await callers.AuthenticateAsync(Context), Request.Headers.Authorization.ToString());
}
