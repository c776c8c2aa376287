using Microsoft.AspNetCore;
using Microsoft.AspNetCore.Authentication;
using OpenIddict.Abstractions;
using OpenIddict.Server.AspNetCore;
using static OpenIddict.Abstractions.OpenIddictConstants;

namespace MedCor.Identity.Authorization;

/// <summary>Issues tokens for an authorization code or a refresh token that OpenIddict has verified.</summary>
internal static class TokenEndpoint
{
    internal static async Task<IResult> HandleAsync(HttpContext http, ClientSessions sessions)
    {
        var verified = await http.AuthenticateAsync(OpenIddictServerAspNetCoreDefaults.AuthenticationScheme);
        var request = http.GetOpenIddictServerRequest()!;
        var asked = verified.Principal!.GetScopes().Intersect(request.GetScopes(), StringComparer.Ordinal);
        var principal = await sessions.ContinueAsync(verified.Principal!, [.. asked], http.RequestAborted);
        return principal is not null
            ? Results.SignIn(principal, authenticationScheme: OpenIddictServerAspNetCoreDefaults.AuthenticationScheme)
            : Results.Forbid(new(new Dictionary<string, string?>
            {
                [OpenIddictServerAspNetCoreConstants.Properties.Error] = Errors.InvalidGrant,
                [OpenIddictServerAspNetCoreConstants.Properties.ErrorDescription] = "The session has ended. Ask the user to authorize the client again.",
            }), [OpenIddictServerAspNetCoreDefaults.AuthenticationScheme]);
    }
}
