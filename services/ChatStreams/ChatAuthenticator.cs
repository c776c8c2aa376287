using MedCor.Contracts;
using MedCor.ServiceDefaults.Authentication;
using Microsoft.AspNetCore.Http;

namespace MedCor.ChatStreams;

/// <summary>Authenticates chat callers: a user by an access token, or a program by the server token.</summary>
public sealed class ChatAuthenticator(TokenValidator tokens, ServerToken server)
{
    private const string Bearer = "Bearer ";

    /// <summary>
    /// Returns the caller of a request. Throws <see cref="Unauthenticated"/>, with <see cref="ErrorCodes.AuthRequired"/> when the token is missing or the
    /// header malformed, and with <see cref="ErrorCodes.AuthInvalid"/> when the token is not valid.
    /// </summary>
    public ValueTask<ChatCaller> AuthenticateAsync(HttpContext http)
    {
        var header = http.Request.Headers.Authorization.ToString();
        var token = header.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase) ? header[Bearer.Length..].Trim() : "";
        if (token.Length == 0)
            throw new Unauthenticated(ErrorCodes.AuthRequired, "Missing or malformed Authorization header: send Authorization: Bearer with a token.");
        return ValidateAsync(token, http.RequestAborted);
    }

    /// <summary>
    /// Returns the owner of the caller's runs. Throws as <see cref="AuthenticateAsync(HttpContext)"/> does, and <see cref="InsufficientScope"/> when a user's
    /// token lacks a scope. The server token has all scopes.
    /// </summary>
    public async ValueTask<ChatRunOwner> AuthenticateAsync(HttpContext http, Scope scope)
    {
        var caller = await AuthenticateAsync(http);
        caller.User?.RequireScope(scope);
        return caller.Owner;
    }

    /// <summary>Returns the caller that a token names. Throws <see cref="Unauthenticated"/> when the token is not valid.</summary>
    public async ValueTask<ChatCaller> ValidateAsync(string token, CancellationToken ct)
    {
        if (server.Matches(token)) return new(ChatRunOwner.Server, User: null);
        var user = await tokens.ValidateAsync(token, ct);
        return new(ChatRunOwner.Of(user), user);
    }
}

/// <summary>Represents the caller of a chat operation.</summary>
/// <param name="Owner">The owner of the caller's chat runs.</param>
/// <param name="User">The user; null for a program with the server token.</param>
public sealed record ChatCaller(ChatRunOwner Owner, Caller? User);
