using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace MedCor.Hosting.Dashboard;

/// <summary>
/// Who may use the dashboard: a browser of this machine that came by the printed address once. The token in that address
/// is exchanged for a cookie; services send telemetry with a key of their own.
/// </summary>
internal sealed class Access(int port)
{
    /// <summary>A header that a form or an image of another site cannot send: it would make the browser ask us first.</summary>
    public const string CommandHeader = "X-MedCor-Dashboard";

    public const string TelemetryHeader = "x-otlp-api-key";

    private readonly string _session = NewSecret();

    // Cookies know no ports; the name keeps two hosts on one machine apart.
    private readonly string _cookie = $"medcor-dashboard-{port}";

    public string Token { get; } = NewSecret();

    public string TelemetryKey { get; } = NewSecret();

    /// <summary>A page elsewhere may point its own name at this address; a browser then sends that name.</summary>
    public bool IsKnownHost(HttpRequest request) =>
        request.Host.Port == port && request.Host.Host is "localhost" or "127.0.0.1" or "[::1]";

    public bool IsService(HttpRequest request) => AreEqual(request.Headers[TelemetryHeader].ToString(), TelemetryKey);

    public bool IsUser(HttpRequest request) => AreEqual(request.Cookies[_cookie] ?? "", _session);

    public static bool IsCommand(HttpRequest request) => request.Headers.ContainsKey(CommandHeader);

    /// <summary>Exchanges the token for the cookie; false when it is not the right one.</summary>
    public bool LogIn(HttpContext http)
    {
        if (!AreEqual(http.Request.Query["t"].ToString(), Token))
        {
            return false;
        }

        http.Response.Cookies.Append(_cookie, _session, new CookieOptions { HttpOnly = true, SameSite = SameSiteMode.Strict, IsEssential = true, Path = "/" });
        return true;
    }

    private static string NewSecret() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));

    // Of hashes: the time tells not even the length.
    private static bool AreEqual(string given, string right) =>
        CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(given)), SHA256.HashData(Encoding.UTF8.GetBytes(right)));
}
