using Microsoft.AspNetCore;
using Microsoft.AspNetCore.Authentication;
using OpenIddict.Abstractions;
using OpenIddict.Server.AspNetCore;
using static OpenIddict.Abstractions.OpenIddictConstants;

namespace MedCor.Identity.Authorization;

/// <summary>Issues tokens for an authorization code, a refresh token or the credentials of a service account that OpenIddict has verified.</summary>
internal static class TokenEndpoint
{
    internal static async Task<IResult> HandleAsync(HttpContext http, ClientSessions sessions, Resources resources)
    {
        var request = http.GetOpenIddictServerRequest()!;
        if (request.IsClientCredentialsGrantType())
        {
            var (started, error) = await sessions.StartForServiceAccountAsync(request.ClientId!, request.GetScopes(),
                request.GetResources().FirstOrDefault(), http.RequestAborted);
            return started is not null ? SignIn(started)
                : Refuse(error, error == Errors.InvalidScope
                    ? "The service account has none of these scopes."
                    : "The service account or its hospital is inactive, or its key has just ended.");
        }

        var verified = await http.AuthenticateAsync(OpenIddictServerAspNetCoreDefaults.AuthenticationScheme);
        // RFC 8707, section 2.2: the tokens are for what the user was asked for, and a token for something else would be a surprise.
        if (request.GetResources().Any(name => !resources.Accepted.Contains(name) || resources.GetAudience(name) != verified.Principal!.GetResources().First()))
            return Refuse(Errors.InvalidTarget, "The user has allowed another resource. Ask the user to authorize the client for this one.");
        var asked = verified.Principal!.GetScopes().Intersect(request.GetScopes(), StringComparer.Ordinal);
        var principal = await sessions.ContinueAsync(verified.Principal!, [.. asked], http.RequestAborted);
        return principal is not null
            ? SignIn(principal)
            : Refuse(Errors.InvalidGrant, "The session has ended, or lacks a second factor that is required now. Ask the user to authorize the client again.");
    }

    private static IResult SignIn(System.Security.Claims.ClaimsPrincipal principal) =>
        Results.SignIn(principal, authenticationScheme: OpenIddictServerAspNetCoreDefaults.AuthenticationScheme);

    private static IResult Refuse(string error, string description) => Results.Forbid(new(new Dictionary<string, string?>
    {
        [OpenIddictServerAspNetCoreConstants.Properties.Error] = error,
        [OpenIddictServerAspNetCoreConstants.Properties.ErrorDescription] = description,
    }), [OpenIddictServerAspNetCoreDefaults.AuthenticationScheme]);
}
