using System.Globalization;
using System.Security.Claims;
using MedCor.Identity.Accounts;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;

namespace MedCor.Identity.Authorization;

/// <summary>
/// Configures the cookie by which a browser that has logged in is recognized on the pages of the authorization server. It opens nothing else, and ends when all
/// sessions of its user are ended.
/// </summary>
internal static class LogInCookie
{
    internal const string Scheme = "log-in";

    private const string LoggedInAt = "logged_in_at";
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(8);

    internal static Action<CookieAuthenticationOptions> Configure(IHostEnvironment environment) => cookie =>
    {
        cookie.Cookie = CreateCookie("login", environment);
        cookie.ExpireTimeSpan = Lifetime;
        cookie.SlidingExpiration = false;
        cookie.LoginPath = AuthorizationServer.LogInPath;
        cookie.ReturnUrlParameter = "return";
    };

    /// <summary>Creates the cookie that proves that a form was sent by the page that contained it.</summary>
    internal static CookieBuilder CreateFormCookie(IHostEnvironment environment) => CreateCookie("form", environment);

    internal static Task LogInAsync(HttpContext http, Account account, DateTimeOffset now) => http.SignInAsync(Scheme, new(new ClaimsIdentity(
        [
            new(ClaimTypes.NameIdentifier, account.Id.ToString()),
            new(LoggedInAt, now.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture)),
        ], Scheme)));

    /// <summary>Returns who has logged in with this browser, and when; null when nobody has.</summary>
    internal static async Task<(Guid UserId, DateTimeOffset At)?> FindAsync(HttpContext http) =>
        (await http.AuthenticateAsync(Scheme)).Principal is { } principal
            && Guid.TryParse(principal.FindFirstValue(ClaimTypes.NameIdentifier), out var user)
            && long.TryParse(principal.FindFirstValue(LoggedInAt), CultureInfo.InvariantCulture, out var at)
                ? (user, DateTimeOffset.FromUnixTimeMilliseconds(at))
                : null;

    /// <summary>Creates a cookie for MedCor's host alone. Only Development runs without TLS, which the prefix requires.</summary>
    private static CookieBuilder CreateCookie(string name, IHostEnvironment environment) => new()
    {
        Name = environment.IsDevelopment() ? $"medcor-{name}" : $"__Host-medcor-{name}",
        Path = "/",
        HttpOnly = true,
        SameSite = SameSiteMode.Lax,
        SecurePolicy = environment.IsDevelopment() ? CookieSecurePolicy.SameAsRequest : CookieSecurePolicy.Always,
        IsEssential = true,
    };
}
