namespace MedCor.Identity.Sessions;

/// <summary>Configures the cookies by which browsers are recognized.</summary>
internal static class BrowserCookies
{
    /// <summary>Creates a cookie for MedCor's host alone. Only Development runs without TLS, which the prefix requires.</summary>
    internal static CookieBuilder Create(string name, IHostEnvironment environment) => new()
    {
        Name = environment.IsDevelopment() ? $"medcor-{name}" : $"__Host-medcor-{name}",
        Path = "/",
        HttpOnly = true,
        SameSite = SameSiteMode.Lax,
        SecurePolicy = environment.IsDevelopment() ? CookieSecurePolicy.SameAsRequest : CookieSecurePolicy.Always,
        IsEssential = true,
    };
}
