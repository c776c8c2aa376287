using MedCor.Contracts;
using MedCor.ServiceDefaults.Authentication;
using Microsoft.AspNetCore.Http;

namespace MedCor.ChatStreams;

/// <summary>Tells who is chatting: a user by their access token, or a program by the server token.</summary>
public sealed class ChatAuthenticator(TokenValidator tokens, ServerToken server)
{
    private const string Bearer = "Bearer ";

    /// <summary>
    /// The sender of a request. Throws <see cref="Unauthenticated"/>, with <see cref="ErrorCodes.AuthRequired"/> when no token was sent as it should be, and with
    /// <see cref="ErrorCodes.AuthInvalid"/> when the one that was does not count.
    /// </summary>
    public ValueTask<ChatCaller> AuthenticateAsync(HttpContext http)
    {
        var header = http.Request.Headers.Authorization.ToString();
        var token = header.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase) ? header[Bearer.Length..].Trim() : "";
        if (token.Length == 0) throw new Unauthenticated(ErrorCodes.AuthRequired, "Missing or malformed Authorization header: send Authorization: Bearer with a token.");
        return ValidateAsync(token, http.RequestAborted);
    }

    /// <summary>Whose a token is. Throws <see cref="Unauthenticated"/> when it does not count.</summary>
    public async ValueTask<ChatCaller> ValidateAsync(string token, CancellationToken ct)
    {
        if (server.Matches(token)) return new(ChatRunOwner.Server, User: null);
        var user = await tokens.ValidateAsync(token, ct);
        return new(ChatRunOwner.Of(user), user);
    }
}

/// <summary>Who is chatting.</summary>
/// <param name="User">None for who has the server token.</param>
public sealed record ChatCaller(ChatRunOwner Owner, Caller? User);
