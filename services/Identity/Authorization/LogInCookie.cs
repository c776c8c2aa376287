using System.Globalization;
using System.Security.Claims;
using MedCor.Identity.Accounts;
using MedCor.Identity.SecondFactors;
using MedCor.Identity.Sessions;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;

namespace MedCor.Identity.Authorization;

/// <summary>
/// Configures the cookie by which a browser that has logged in is recognized on the pages of the authorization server. It opens nothing else, and ends when its
/// session is ended. Between the password and the second factor, a second cookie remembers the attempt.
/// </summary>
internal static class LogInCookie
{
    internal const string Scheme = "log-in";

    private const string AttemptScheme = "log-in-attempt";
    private const string LoggedInAt = "logged_in_at";
    private const string ValidFrom = "valid_from";
    private const string Session = "session";
    private const string Methods = "amr";
    internal static readonly TimeSpan Lifetime = TimeSpan.FromHours(8);

    /// <summary>The time in which a second factor has to follow the password.</summary>
    private static readonly TimeSpan AttemptLifetime = TimeSpan.FromMinutes(5);

    internal static void AddTo(AuthenticationBuilder authentication, IHostEnvironment environment) => authentication
        .AddCookie(Scheme, Configure("login", Lifetime, environment)).AddCookie(AttemptScheme, Configure("attempt", AttemptLifetime, environment));

    /// <summary>Creates the cookie that proves that a form was sent by the page that contained it.</summary>
    internal static CookieBuilder CreateFormCookie(IHostEnvironment environment) => BrowserCookies.Create("form", environment);

    /// <summary>Logs a browser in, ends its attempt, and remembers the browser.</summary>
    /// <param name="sessionId">The session of the browser.</param>
    /// <param name="methods">How the user has logged in.</param>
    /// <param name="at">When the user has logged in.</param>
    /// <param name="validFrom">The time after which ending the user's sessions ends the login; that of the login when null.</param>
    internal static async Task LogInAsync(HttpContext http, Account account, Guid sessionId, string methods, DateTimeOffset at, DateTimeOffset? validFrom)
    {
        var principal = CreatePrincipal(account, methods, at, validFrom);
        ((ClaimsIdentity)principal.Identity!).AddClaim(new(Session, sessionId.ToString()));
        await http.SignOutAsync(AttemptScheme);
        await http.SignInAsync(Scheme, principal);
        http.RequestServices.GetRequiredService<KnownDevice>().Remember(account.Login!.AttemptKey);
    }

    internal static Task LogOutAsync(HttpContext http) => http.SignOutAsync(Scheme);

    /// <summary>Remembers that a user has entered the right password in this browser, or has logged in at a provider with one factor.</summary>
    /// <param name="methods">How the user has begun to log in.</param>
    /// <param name="at">When the user has done that.</param>
    /// <param name="validFrom">The time after which ending the user's sessions ends the attempt; <paramref name="at"/> when omitted.</param>
    internal static Task BeginAsync(HttpContext http, Account account, string methods, DateTimeOffset at, DateTimeOffset? validFrom = null) =>
        http.SignInAsync(AttemptScheme, CreatePrincipal(account, methods, at, validFrom));

    /// <summary>Returns who has logged in with this browser; null when nobody has.</summary>
    internal static Task<CookieLogIn?> FindAsync(HttpContext http) => FindAsync(http, Scheme);

    /// <summary>Returns who has begun to log in with this browser, and has entered no second factor yet; null when nobody has.</summary>
    internal static Task<CookieLogIn?> FindAttemptAsync(HttpContext http) => FindAsync(http, AttemptScheme);

    private static async Task<CookieLogIn?> FindAsync(HttpContext http, string scheme) =>
        (await http.AuthenticateAsync(scheme)).Principal is { } principal
            && Guid.TryParse(principal.FindFirstValue(ClaimTypes.NameIdentifier), out var user) && ReadTime(principal, LoggedInAt) is { } at
                ? new(user, principal.FindFirstValue(Methods) ?? AuthenticationMethods.Password, at, ReadTime(principal, ValidFrom) ?? at,
                    Guid.TryParse(principal.FindFirstValue(Session), out var session) ? session : null)
                : null;

    private static ClaimsPrincipal CreatePrincipal(Account account, string methods, DateTimeOffset at, DateTimeOffset? validFrom) => new(new ClaimsIdentity(
        [
            new(ClaimTypes.NameIdentifier, account.Id.ToString()), new(Methods, methods), new(LoggedInAt, Format(at)),
            // Later than the last end of all sessions, by all the precision of the cookie.
            new(ValidFrom, Format(AccessTokenIssuer.GetTime(validFrom ?? at, account.Membership?.RevokedAt))),
        ], Scheme));

    private static string Format(DateTimeOffset time) => time.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture);

    private static DateTimeOffset? ReadTime(ClaimsPrincipal principal, string name) =>
        long.TryParse(principal.FindFirstValue(name), CultureInfo.InvariantCulture, out var time) ? DateTimeOffset.FromUnixTimeMilliseconds(time) : null;

    /// <summary>Returns what configures a cookie of MedCor's pages.</summary>
    internal static Action<CookieAuthenticationOptions> Configure(string name, TimeSpan lifetime, IHostEnvironment environment) => cookie =>
    {
        cookie.Cookie = BrowserCookies.Create(name, environment);
        cookie.ExpireTimeSpan = lifetime;
        cookie.SlidingExpiration = false;
        cookie.LoginPath = PagePaths.LogIn;
        cookie.ReturnUrlParameter = "return";
    };
}

/// <summary>Represents what a cookie says of a login.</summary>
/// <param name="Methods">How the user has logged in.</param>
/// <param name="At">When the user has logged in.</param>
/// <param name="ValidFrom">The time after which ending the user's sessions ends the login.</param>
/// <param name="SessionId">The session of the browser; null for an attempt.</param>
internal sealed record CookieLogIn(Guid UserId, string Methods, DateTimeOffset At, DateTimeOffset ValidFrom, Guid? SessionId);
