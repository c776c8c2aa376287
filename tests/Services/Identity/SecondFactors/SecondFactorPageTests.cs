using System.Net;
using System.Text.Json.Nodes;
using MedCor.Identity.Sessions;
using Microsoft.IdentityModel.Tokens;

namespace MedCor.Tests.Services.Identity.SecondFactors;

public class SecondFactorPageTests
{
    [Fact]
    public async Task A_browser_is_logged_in_with_both_factors_alone()
    {
        var user = await TestUser.Create();
        var app = await TestAuthenticator.SetUp(user);
        using var browser = await PageBrowser.Open();

        var asked = await browser.LogIn(user.Email, user.Password);
        Assert.Equal("/oauth/login/code", asked.Path);
        Assert.Equal("/oauth/login", (await browser.Get("/oauth/account/authenticator")).Path);

        var wrong = await browser.Submit(asked, ("code", app.GetWrongCode()));
        Assert.Equal((HttpStatusCode.BadRequest, "/oauth/login/code"), (wrong.Status, wrong.Path));
        Assert.Contains("The code is wrong or was used before.", wrong.Html);

        var loggedIn = await browser.Submit(wrong, ("code", await app.GetUnusedCode()));
        Assert.Equal((HttpStatusCode.OK, "/oauth/account"), (loggedIn.Status, loggedIn.Path));
    }

    [Fact]
    public async Task Tokens_of_a_client_say_how_and_when_the_user_has_logged_in()
    {
        var user = await TestUser.Create();
        using var client = await OAuthClient.Register();
        var callback = await client.Authorize(user.Email, user.Password, ["medcor.read"], changes: ("scope", "openid medcor.read"));
        var (_, tokens) = await client.Redeem(callback["code"]);

        foreach (var name in new[] { "id_token", "access_token" })
            Assert.Equal("""["pwd"]""", Read((string)tokens[name]!)["amr"]!.ToJsonString());
        var loggedIn = DateTimeOffset.FromUnixTimeSeconds((long)Read(tokens.IdToken())["auth_time"]!);
        Assert.InRange(DateTimeOffset.UtcNow - loggedIn, TimeSpan.Zero, TimeSpan.FromMinutes(5));

        static JsonNode Read(string token) => JsonNode.Parse(Base64UrlEncoder.Decode(token.Split('.')[1]))!;
    }

    [Fact]
    public async Task The_page_for_a_code_wants_a_right_password_first()
    {
        using var browser = await PageBrowser.Open();

        Assert.Equal("/oauth/login", (await browser.Get("/oauth/login/code?return=%2Foauth%2Faccount")).Path);
    }

    [Fact]
    public async Task Wrong_codes_on_the_page_lock_the_account()
    {
        var user = await TestUser.Create();
        var app = await TestAuthenticator.SetUp(user);
        using var browser = await PageBrowser.Open();
        var page = await browser.LogIn(user.Email, user.Password);

        for (var i = 0; i < LockOut.FreeAttempts; i++) page = await browser.Submit(page, ("code", app.GetWrongCode()));
        page = await browser.Submit(page, ("code", await app.GetUnusedCode()));

        Assert.Equal("/oauth/login/code", page.Path);
        Assert.Contains("Too many failed attempts.", page.Html);
        Assert.Equal("RATE_LIMIT", (await TestUser.PostLogIn(user.Email, user.Password)).Code);
    }

    [Fact]
    public async Task An_app_is_not_set_up_without_a_code_of_it()
    {
        var user = await TestUser.Create();
        using var browser = await PageBrowser.Open();
        var page = await browser.LogIn(user.Email, user.Password, "/oauth/account/authenticator");

        var wrong = await browser.Submit(page, ("code", "000000"));

        Assert.Equal(HttpStatusCode.BadRequest, wrong.Status);
        Assert.Equal(page.Codes[0], wrong.Codes[0]);
        Assert.Equal(HttpStatusCode.OK, (await TestUser.PostLogIn(user.Email, user.Password)).Status);
    }

    [Fact]
    public async Task The_secret_of_one_user_is_not_set_up_for_another()
    {
        var (user, other) = (await TestUser.Create(), await TestUser.Create());
        using var browser = await PageBrowser.Open();
        using var otherBrowser = await PageBrowser.Open();
        var page = await browser.LogIn(user.Email, user.Password, "/oauth/account/authenticator");
        var secret = System.Text.RegularExpressions.Regex.Match(page.Html, "name=\"secret\" value=\"([^\"]+)\"").Groups[1].Value;
        var otherPage = await otherBrowser.LogIn(other.Email, other.Password, "/oauth/account/authenticator");

        var refused = await otherBrowser.Submit(otherPage, ("code", "000000"), ("secret", secret));

        Assert.NotEqual(page.Codes[0], refused.Codes[0]);
    }
}
