using System.ComponentModel.DataAnnotations;

namespace MedCor.Contracts.Identity;

/// <summary>Asks for a session: <c>POST /api/auth/login/</c>.</summary>
/// <param name="Email">The account's e-mail address, whatever its case, and however its accents and an international domain are written.</param>
public sealed record LogIn(
    [property: Length(3, 254), RegularExpression(LogIn.EmailPattern, ErrorMessage = "must be an e-mail address")] string Email,
    [property: Opaque, Length(1, 128)] string Password)
{
    /// <summary>Wider than what an account can be opened with: there are accounts that are older than the rules.</summary>
    internal const string EmailPattern = @"[^@\u0000-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u206F]+@[^@\u0000-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u206F]+";
}

/// <summary>Asks for fresh tokens of a session: <c>POST /api/auth/refresh/</c>. Each refresh token is good for one call; sent twice, it ends the session.</summary>
public sealed record RefreshSession([property: Opaque, Length(1, 200)] string RefreshToken);

/// <summary>Ends a session: <c>POST /api/auth/logout/</c>. Either the access token or this names it.</summary>
public sealed record LogOut([property: Opaque, Length(1, 200)] string? RefreshToken = null);

/// <summary>The tokens of a session.</summary>
/// <param name="AccessToken">For <c>Authorization: Bearer</c>.</param>
/// <param name="RefreshToken">For the next refresh, once.</param>
/// <param name="TokenType">Always <c>Bearer</c>.</param>
/// <param name="ExpiresIn">How many seconds the access token is good for.</param>
/// <param name="User">Who logged in.</param>
public sealed record SessionTokens(string AccessToken, string RefreshToken, string TokenType, int ExpiresIn, User User);

/// <summary>Another access token of a session, told to who already has one: between services alone, <c>POST /sessions/token</c>.</summary>
public sealed record AccessToken(string Token);

/// <summary>The session has ended.</summary>
public sealed record LoggedOut(bool Ended = true);
