using MedCor.ServiceDefaults.Authentication;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace MedCor.Gateway.Authentication;

/// <summary>Authenticates users by an access token in the <c>Authorization</c> header.</summary>
internal sealed class AccessTokenHandler(IOptionsMonitor<AuthenticationSchemeOptions> options, TokenValidator tokens) : CredentialHandler(options)
{
    public const string SchemeName = "AccessToken";

    protected override async ValueTask<CallerIdentity> IdentifyAsync() =>
        CallerIdentity.For(SchemeName, await tokens.AuthenticateAsync(Context), Request.Headers.Authorization.ToString());
}
