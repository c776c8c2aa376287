using System.Security.Claims;
using MedCor.ChatStreams;
using MedCor.Gateway.Limits;
using MedCor.ServiceDefaults.Authentication;

namespace MedCor.Gateway.Authentication;

/// <summary>Identifies the authenticated sender of a request: a user, or a program that has the server token.</summary>
internal sealed class CallerIdentity : ClaimsIdentity
{
    private const string Bearer = "Bearer ";

    private CallerIdentity(string scheme, Caller? user, string key, string authorization) : base(scheme) =>
        (User, Key, Authorization) = (user, key, authorization);

    /// <summary>Gets the user; null for a program.</summary>
    public Caller? User { get; }

    /// <summary>Gets the key of the sender's quota and of the sender's chat runs.</summary>
    public string Key { get; }

    /// <summary>
    /// Gets the <c>Authorization</c> header for services, which validate it themselves: the header that was sent, or one with the token of a ticket.
    /// </summary>
    public string Authorization { get; }

    /// <summary>Gets the token that identifies the sender.</summary>
    public string Token => Authorization[Bearer.Length..].Trim();

    /// <summary>Gets the API key from which the token was obtained; null for any other token.</summary>
    public string? ApiKey { get; private init; }

    /// <summary>Identifies a service account by its API key.</summary>
    public static CallerIdentity ForKey(string scheme, ExchangedToken token, string apiKey) =>
        new(scheme, token.Caller, CallerKey.Of(token.Caller), FormatAuthorization(token.Token)) { ApiKey = apiKey };

    /// <summary>Identifies a user.</summary>
    public static CallerIdentity For(string scheme, Caller user, string authorization) => new(scheme, user, CallerKey.Of(user), authorization);

    /// <summary>Identifies a user by a token that was exchanged for the one that was sent.</summary>
    public static CallerIdentity For(string scheme, ExchangedToken token) => For(scheme, token.Caller, FormatAuthorization(token.Token));

    /// <summary>Identifies a caller of the chat surface.</summary>
    public static CallerIdentity For(string scheme, ChatCaller caller, string authorization) => new(scheme, caller.User, caller.Owner.Key, authorization);

    /// <summary>Formats the header for a token.</summary>
    public static string FormatAuthorization(string token) => Bearer + token;
}

internal static class CallerIdentityExtensions
{
    /// <summary>Returns the authenticated sender of a request; null when a request to a public endpoint is anonymous.</summary>
    public static CallerIdentity? FindCallerIdentity(this HttpContext http) => http.User.Identity as CallerIdentity;

    /// <summary>Returns the authenticated sender of a request to an endpoint that is not public.</summary>
    public static CallerIdentity GetCallerIdentity(this HttpContext http) => (CallerIdentity)http.User.Identity!;

    /// <summary>Returns the user who sent a request to an endpoint that is not public and takes no server token.</summary>
    public static Caller GetUser(this HttpContext http) => http.GetCallerIdentity().User!;
}
