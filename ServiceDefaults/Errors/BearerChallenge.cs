using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace MedCor.ServiceDefaults.Errors;

/// <summary>
/// Sets the <c>WWW-Authenticate</c> header of responses to unauthenticated requests, to requests whose token lacks a scope (RFC 6750, section 3), and to those
/// that require a more recent login (RFC 9470).
/// </summary>
public static class BearerChallenge
{
    /// <summary>The realm in which tokens are valid.</summary>
    public const string Realm = "medcor";

    /// <summary>The error code for a token that lacks a scope.</summary>
    public const string InsufficientScope = "insufficient_scope";

    /// <summary>The error code for a login that is too long ago.</summary>
    public const string StepUp = "insufficient_user_authentication";

    private const string Scheme = "Bearer ";
    private const string RealmOnly = $"Bearer realm=\"{Realm}\"";
    private const string InvalidToken = $"{RealmOnly}, error=\"invalid_token\", error_description=\"The access token is malformed, expired or revoked\"";

    /// <summary>
    /// Sets the header. It carries an error code only when a token was sent: RFC 6750 advises against one where the client may not have known that a token is
    /// needed.
    /// </summary>
    public static void SetBearerChallenge(this HttpContext http) => http.Response.Headers.WWWAuthenticate = HasToken(http.Request) ? InvalidToken : RealmOnly;

    /// <summary>Sets the header of a response to a request whose token lacks scopes.</summary>
    /// <param name="scopes">The names of the required scopes, separated by spaces.</param>
    public static void SetScopeChallenge(this HttpContext http, string scopes) =>
        http.Response.Headers.WWWAuthenticate = $"{RealmOnly}, error=\"{InsufficientScope}\", scope=\"{scopes}\"";

    /// <summary>Sets the header of a response to a request that requires a more recent login.</summary>
    /// <param name="maxAge">The greatest age of a login that suffices, in seconds.</param>
    public static void SetStepUpChallenge(this HttpContext http, long maxAge) => http.Response.Headers.WWWAuthenticate = string.Create(
        CultureInfo.InvariantCulture,
        $"{RealmOnly}, error=\"{StepUp}\", error_description=\"A more recent login is required\", max_age=\"{maxAge}\"");

    private static bool HasToken(HttpRequest request) =>
        request.Query.ContainsKey("ticket")
        || request.Headers.Authorization.ToString() is var sent && sent.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
            && !string.IsNullOrWhiteSpace(sent[Scheme.Length..]);
}
