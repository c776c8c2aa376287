using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;

namespace MedCor.Contracts.Identity;

/// <summary>Represents a request to log in: <c>POST /api/auth/login/</c>.</summary>
/// <param name="Email">
/// The e-mail address of the account. Its case does not matter, nor how its accents and an international domain are encoded.
/// <example>"patient@general.example"</example>
/// </param>
/// <param name="Password"><example>"Green-Meadow-2026"</example></param>
/// <param name="Scope">
/// The scopes to which the tokens of the session are limited, separated by spaces; all rights of the user's role when omitted.
/// <example>"appointments.write people.read"</example>
/// </param>
public sealed record LogIn(
    [property: Length(3, 254), RegularExpression(LogIn.EmailPattern, ErrorMessage = "must be an e-mail address")] string Email,
    [property: Opaque, Length(1, 128)] string Password,
    [property: Length(1, 1000)] string? Scope = null)
{
    /// <summary>The pattern of an e-mail address at login. It is wider than the rule for new accounts, because some accounts are older than the rule.</summary>
    internal const string EmailPattern = @"[^@\u0000-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u206F]+@[^@\u0000-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u206F]+";
}

/// <summary>
/// Represents a request for new tokens of a session: <c>POST /api/auth/refresh/</c>. Each refresh token is valid for one call; sending it twice ends the
/// session.
/// </summary>
/// <param name="RefreshToken"><example>"8Q2sPpXkq1bO0c5mJ7v3Zg"</example></param>
public sealed record RefreshSession([property: Opaque, Length(1, 200)] string RefreshToken);

/// <summary>
/// Represents a request to end a session: <c>POST /api/auth/logout/</c>. Either the access token or the refresh token identifies the session.
/// </summary>
/// <param name="RefreshToken"><example>"8Q2sPpXkq1bO0c5mJ7v3Zg"</example></param>
public sealed record LogOut([property: Opaque, Length(1, 200)] string? RefreshToken = null);

/// <summary>Represents the tokens of a session.</summary>
/// <param name="AccessToken">
/// The access token, for <c>Authorization: Bearer</c>.
/// <example>"eyJhbGciOiJFUzI1NiJ9.eyJyb2xlIjoiUEFUSUVOVCJ9.c2lnbmF0dXJl"</example>
/// </param>
/// <param name="RefreshToken">The refresh token, valid for one refresh. <example>"8Q2sPpXkq1bO0c5mJ7v3Zg"</example></param>
/// <param name="TokenType">The token type, always <c>Bearer</c>. <example>"Bearer"</example></param>
/// <param name="ExpiresIn">The lifetime of the access token, in seconds. <example>3600</example></param>
/// <param name="User">The user who logged in.</param>
/// <param name="Scope">
/// The scopes to which the tokens are limited, separated by spaces; absent when they have all rights of the user's role.
/// <example>"appointments.write people.read"</example>
/// </param>
public sealed record SessionTokens(
    string AccessToken, string RefreshToken, string TokenType, int ExpiresIn, User User,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Scope = null);

/// <summary>
/// Represents a further access token of a session, returned to a caller that already has one. Only services use it: <c>POST /sessions/token</c>.
/// </summary>
public sealed record AccessToken(string Token);

/// <summary>Represents the result of a logout: the session has ended.</summary>
public sealed record LoggedOut(bool Ended = true);
