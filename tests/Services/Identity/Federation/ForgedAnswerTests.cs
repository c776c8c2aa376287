using System.Net;
using System.Text;
using Microsoft.IdentityModel.Tokens;

namespace MedCor.Tests.Services.Identity.Federation;

/// <summary>Tests that a provider's answer logs nobody in unless everything about it is right.</summary>
public sealed class ForgedAnswerTests : IAsyncLifetime
{
    private static readonly Lazy<Task<FederatedHospital>> Shared = new(OpenHospital);

    /// <summary>The forged answers, each with one thing that is wrong.</summary>
    private static readonly Dictionary<string, Action<ForgedAnswer>> Forgeries = new()
    {
        ["another state"] = answer => answer.Parameters["state"] += "x",
        ["no state"] = answer => answer.Parameters["state"] = null,
        ["another nonce"] = answer => answer.Claims["nonce"] = "another",
        ["no nonce"] = answer => answer.Claims.Remove("nonce"),
        ["another issuer in the token"] = answer => answer.Claims["iss"] = "https://login.elsewhere.example",
        ["another audience"] = answer => answer.Claims["aud"] = "another",
        ["another authorized party"] = answer => answer.Claims["azp"] = "another",
        ["another authorized party of two audiences"] = answer =>
            (answer.Claims["aud"], answer.Claims["azp"]) = (new[] { ForgedProvider.ClientId, "another" }, "another"),
        ["no authorized party for two audiences"] = answer => answer.Claims["aud"] = new[] { ForgedProvider.ClientId, "another" },
        ["expired"] = answer => answer.Claims["exp"] = In(minutes: -2),
        ["no expiry"] = answer => answer.Claims.Remove("exp"),
        ["not yet valid"] = answer => answer.Claims["nbf"] = In(minutes: 2),
        ["a login of longer ago than was asked for"] = answer => answer.Claims["auth_time"] = In(minutes: -8 * 60 - 2),
        ["issued in the future"] = answer => answer.Claims["iat"] = In(minutes: 2),
        ["no signature"] = answer => answer.Key = null,
        ["signed with the client secret"] = answer => answer.Key = new(
            new SymmetricSecurityKey(Encoding.UTF8.GetBytes(ForgedProvider.ClientSecret)) { KeyId = answer.Key!.Key.KeyId }, SecurityAlgorithms.HmacSha256),
        ["signed with another key of the same name"] = answer => answer.Key = ForgedProvider.CreateForeignKey(),
        ["signed with an unknown key"] = answer => answer.Key = ForgedProvider.CreateForeignKey("key-2"),
        ["no subject"] = answer => answer.Claims.Remove("sub"),
        ["the hash of another access token"] = answer => answer.Claims["at_hash"] = "AAAAAAAAAAAAAAAAAAAAAA",
        ["another issuer in the answer"] = answer => answer.Parameters["iss"] = "https://login.elsewhere.example",
        ["no issuer in the answer"] = answer => answer.Parameters["iss"] = null,
        ["an error"] = answer => answer.Parameters["error"] = "access_denied",
        ["no code"] = answer => answer.Parameters["code"] = null,
        ["a code of another verifier"] = answer => answer.Challenge = Base64UrlEncoder.Encode(new byte[32]),
        ["a token that is too long"] = answer => answer.Claims["picture"] = new string('x', 100_000),
    };

    /// <summary>The people who may not log in, although the answer is right.</summary>
    private static readonly Dictionary<string, Action<ForgedAnswer>> Strangers = new()
    {
        ["an unverified address"] = answer => answer.Claims["email_verified"] = false,
        ["an address that is verified in words"] = answer => answer.Claims["email_verified"] = "yes",
        ["no statement about the address"] = answer => answer.Claims.Remove("email_verified"),
        ["no address"] = answer => answer.Claims.Remove("email"),
        ["an address of another hospital"] = answer => answer.Claims["email"] = "doctor@general.example",
        ["an address of the platform"] = answer => answer.Claims["email"] = TestUser.PlatformAdminEmail,
        ["an address of another domain"] = answer => answer.Claims["email"] = $"{Guid.NewGuid():N}@elsewhere.example",
        ["a patient"] = _ => { },
        ["a former colleague"] = _ => { },
        ["no role"] = answer => answer.Claims.Remove("roles"),
        ["another role"] = answer => answer.Claims["roles"] = "nurses of another clinic",
        ["a name that nobody can have"] = answer => (answer.Claims["email"], answer.Claims["given_name"]) = (TestUser.NewEmail(), "\u202e"),
    };

    private FederatedHospital _hospital = null!;

    public static TheoryData<string> Answers => [.. Forgeries.Keys];

    public static TheoryData<string> People => [.. Strangers.Keys];

    public async Task InitializeAsync() => _hospital = await Shared.Value;

    public Task DisposeAsync() => Task.CompletedTask;

    [Theory, MemberData(nameof(Answers))]
    public async Task An_answer_with_something_wrong_logs_nobody_in(string what)
    {
        var nurse = await _hospital.CreateUser();
        using var browser = await PageBrowser.Open();
        Say(nurse.Email, Forgeries[what]);

        var page = await _hospital.LogIn(browser);

        Assert.Equal(($"/oauth/login/callback/{_hospital.Id}", HttpStatusCode.BadRequest), (page.Path, page.Status));
        await AssertNobodyIsLoggedIn(browser);
        Say(nurse.Email);
        Assert.Equal("/oauth/account", (await _hospital.LogIn(browser)).Path);
    }

    [Theory, MemberData(nameof(People))]
    public async Task Who_has_no_account_of_the_staff_is_refused_with_one_text_for_all(string who)
    {
        var user = await _hospital.CreateUser(who == "a patient" ? "PATIENT" : "NURSE");
        if (who == "a former colleague") await _hospital.Admin.Call("delete_user", new { user_id = user.Id });
        using var browser = await PageBrowser.Open();
        Say(user.Email, Strangers[who]);

        var page = await _hospital.LogIn(browser);

        Assert.Equal(($"/oauth/login/callback/{_hospital.Id}", HttpStatusCode.Forbidden), (page.Path, page.Status));
        Assert.Contains("You cannot log in to MedCor with this account. Ask the administrators of your hospital.", page.Html);
        await AssertNobodyIsLoggedIn(browser);
    }

    [Fact]
    public async Task An_answer_is_good_in_the_browser_that_has_asked_and_once()
    {
        var nurse = await _hospital.CreateUser();
        using var browser = await PageBrowser.Open();
        using var other = await PageBrowser.Open();
        ForgedAnswer? kept = null;
        Say(nurse.Email, answer => (kept, answer.IsKept) = (answer, true));
        await _hospital.LogIn(browser);
        var cookies = browser.Cookies.GetAllCookies().Single(cookie => cookie.Name == "medcor-provider");
        var (name, value) = (cookies.Name, cookies.Value);

        Assert.Equal(HttpStatusCode.BadRequest, (await other.Get(new Uri(kept!.Callback).PathAndQuery)).Status);
        await AssertNobodyIsLoggedIn(other);
        Assert.Equal("/oauth/account", (await browser.Get(new Uri(kept.Callback).PathAndQuery)).Path);
        Assert.Equal(HttpStatusCode.BadRequest, (await browser.Get(new Uri(kept.Callback).PathAndQuery)).Status);

        // Nor with a copy of what the browser had.
        other.Cookies.Add(new Cookie(name, value, "/", cookies.Domain));
        Assert.Contains("This login is over, or was begun in another browser. Start again.", (await other.Get(new Uri(kept.Callback).PathAndQuery)).Html);
        await AssertNobodyIsLoggedIn(other);
    }

    [Fact]
    public async Task An_answer_to_one_hospital_is_none_to_another()
    {
        await using var evil = await FederatedHospital.Open();
        var nurse = await _hospital.CreateUser();
        using var browser = await PageBrowser.Open();
        ForgedAnswer? kept = null;
        evil.Say("x", nurse.Email, answer => (kept, answer.IsKept) = (answer, true));
        await evil.LogIn(browser);

        // The other provider has sent the browser on to this hospital's, which logs the user in and returns to its own address.
        var page = await browser.Get(new Uri(kept!.Callback).PathAndQuery.Replace(evil.Id.ToString(), _hospital.Id.ToString(), StringComparison.Ordinal));

        Assert.Equal(HttpStatusCode.BadRequest, page.Status);
        await AssertNobodyIsLoggedIn(browser);
    }

    [Fact]
    public async Task A_login_that_began_under_other_settings_is_over()
    {
        await using var hospital = await FederatedHospital.Open();
        using var browser = await PageBrowser.Open();
        ForgedAnswer? kept = null;
        hospital.Say("42", (await hospital.CreateUser()).Email, answer => (kept, answer.IsKept) = (answer, true));
        await hospital.LogIn(browser);

        await hospital.Update(new { create_users = true });

        Assert.Equal(HttpStatusCode.BadRequest, (await browser.Get(new Uri(kept!.Callback).PathAndQuery)).Status);
        await AssertNobodyIsLoggedIn(browser);
    }

    [Theory]
    [InlineData("issuer", "http://127.0.0.1:1")]
    [InlineData("token_endpoint", "http://10.0.0.1/token")]
    [InlineData("jwks_uri", "http://login.hospital.example/keys")]
    public async Task A_provider_that_describes_another_one_or_has_an_endpoint_without_https_is_not_used(string field, string value)
    {
        await using var hospital = await FederatedHospital.Open();
        hospital.Provider.Metadata[field] = value;
        using var browser = await PageBrowser.Open();

        var page = await hospital.LogIn(browser);

        Assert.Equal(("/oauth/login/hospital", HttpStatusCode.BadRequest), (page.Path, page.Status));
        Assert.Contains("The login page of your hospital cannot be reached at this moment.", page.Html);
    }

    private static async Task<FederatedHospital> OpenHospital()
    {
        var hospital = await FederatedHospital.Open();
        await hospital.Update(new
        {
            create_users = true, role_claim = "roles", role_mappings = new[] { new { value = "nurses", role = "NURSE" } },
            email_domains = FederatedHospital.List("people.example", "general.example", "medcor.example"),
        });
        return hospital;
    }

    private void Say(string email, Action<ForgedAnswer>? change = null) => _hospital.Say($"subject of {email}", email, answer =>
    {
        answer.Claims["roles"] = "nurses";
        change?.Invoke(answer);
    });

    private static async Task AssertNobodyIsLoggedIn(PageBrowser browser) => Assert.Equal("/oauth/login", (await browser.Get("/oauth/account")).Path);

    private static long In(int minutes) => DateTimeOffset.UtcNow.AddMinutes(minutes).ToUnixTimeSeconds();
}
