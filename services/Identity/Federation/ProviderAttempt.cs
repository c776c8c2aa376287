using System.Globalization;
using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using MedCor.Identity.Authorization;
using MedCor.Identity.IdentityProviders;
using Microsoft.AspNetCore.Authentication;
using Microsoft.IdentityModel.Tokens;

namespace MedCor.Identity.Federation;

/// <summary>
/// Represents a login at a provider that has begun in a browser. A cookie of that browser keeps it, encrypted, until the provider returns. So an answer that
/// was made for another browser, or for another login, is refused.
/// </summary>
/// <param name="Version">The version of the settings with which the login has begun.</param>
/// <param name="State">The text by which the answer of the provider refers to the login.</param>
/// <param name="Nonce">The text by which the ID token does.</param>
/// <param name="Verifier">The secret without which nobody can exchange the code (PKCE, RFC 7636).</param>
/// <param name="ReturnUrl">The address to which the browser returns in the end; null for none.</param>
internal sealed record ProviderAttempt(Guid HospitalId, long Version, string State, string Nonce, string Verifier, string? ReturnUrl)
{
    internal const string Scheme = "provider-attempt";

    /// <summary>The time that a person has to log in at the provider.</summary>
    internal static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(10);

    private const int RandomBytes = 32;

    internal string Challenge => Base64UrlEncoder.Encode(SHA256.HashData(Encoding.ASCII.GetBytes(Verifier)));

    internal static void AddCookie(AuthenticationBuilder authentication, IHostEnvironment environment) =>
        authentication.AddCookie(Scheme, LogInCookie.Configure("provider", Lifetime, environment));

    /// <summary>Begins a login in a browser, in place of one that the browser has begun before.</summary>
    internal static async Task<ProviderAttempt> BeginAsync(HttpContext http, IdentityProvider provider, string? returnUrl)
    {
        var attempt = new ProviderAttempt(provider.HospitalId, provider.Version, CreateText(), CreateText(), CreateText(), returnUrl);
        await http.SignInAsync(Scheme, new ClaimsPrincipal(new ClaimsIdentity(Scheme)), new AuthenticationProperties(new Dictionary<string, string?>
        {
            [nameof(HospitalId)] = attempt.HospitalId.ToString(),
            [nameof(Version)] = attempt.Version.ToString(CultureInfo.InvariantCulture),
            [nameof(State)] = attempt.State,
            [nameof(Nonce)] = attempt.Nonce,
            [nameof(Verifier)] = attempt.Verifier,
            [nameof(ReturnUrl)] = attempt.ReturnUrl,
        }));
        return attempt;
    }

    /// <summary>
    /// Ends the login that a browser has begun and returns it; null when it has begun none, or when the answer is of another login or another hospital.
    /// </summary>
    internal static async Task<ProviderAttempt?> EndAsync(HttpContext http, Guid hospitalId, string? state)
    {
        var items = (await http.AuthenticateAsync(Scheme)).Properties?.Items;
        await http.SignOutAsync(Scheme);
        return items is not null
            && items.TryGetValue(nameof(HospitalId), out var id) && Guid.TryParse(id, out var hospital) && hospital == hospitalId
            && items.TryGetValue(nameof(State), out var expected) && expected is not null && IsSame(expected, state ?? "")
            && items.TryGetValue(nameof(Version), out var version)
                ? new(hospital, long.Parse(version!, CultureInfo.InvariantCulture), expected, items[nameof(Nonce)]!, items[nameof(Verifier)]!,
                    items.TryGetValue(nameof(ReturnUrl), out var returnUrl) && returnUrl is { Length: > 0 } ? returnUrl : null)
                : null;
    }

    private static bool IsSame(string expected, string given) =>
        CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(expected), Encoding.UTF8.GetBytes(given));

    private static string CreateText() => Base64UrlEncoder.Encode(RandomNumberGenerator.GetBytes(RandomBytes));
}
