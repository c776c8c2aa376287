using System.Net;
using MedCor.Contracts.Identity;

namespace MedCor.Tests.Services.Identity.SecondFactors;

public class AccountPageTests
{
    [Fact]
    public async Task An_app_is_removed_with_a_code_alone()
    {
        var user = await TestUser.Create();
        using var browser = await PageBrowser.Open();
        var app = await TestAuthenticator.SetUp(browser, await browser.LogIn(user.Email, user.Password, "/oauth/account/authenticator"), user.Id);
        var page = await browser.Get("/oauth/account");
        Assert.Contains("Unused recovery codes: 10.", page.Html);

        var wrong = await browser.Post(page, "RemoveAuthenticator", ("code", app.GetWrongCode()));
        Assert.Equal(HttpStatusCode.BadRequest, wrong.Status);
        Assert.Equal("AUTH_SECOND_FACTOR", (await TestUser.PostLogIn(user.Email, user.Password)).Code);
        await browser.Post(wrong, "RemoveAuthenticator", ("code", app.RecoveryCodes[3]));

        Assert.Equal(HttpStatusCode.OK, (await TestUser.PostLogIn(user.Email, user.Password)).Status);
        Assert.Contains("Set up an authenticator app", (await browser.Get("/oauth/account")).Html);
    }

    [Fact]
    public async Task New_recovery_codes_replace_the_former_ones()
    {
        var user = await TestUser.Create();
        using var browser = await PageBrowser.Open();
        var app = await TestAuthenticator.SetUp(browser, await browser.LogIn(user.Email, user.Password, "/oauth/account/authenticator"), user.Id);

        var renewed = await browser.Post(await browser.Get("/oauth/account"), "RenewCodes", ("code", await app.GetUnusedCode()));

        Assert.Equal(10, renewed.Codes.Count);
        Assert.Equal("AUTH_INVALID", (await LogIn(app.RecoveryCodes[0])).Code);
        Assert.Equal(HttpStatusCode.OK, (await LogIn(renewed.Codes[0])).Status);

        Task<ApiResponse> LogIn(string code) => TestUser.Post("/api/auth/login", new { email = user.Email, password = user.Password, code });
    }

    [Fact]
    public async Task A_session_is_ended_and_an_app_disconnected()
    {
        var user = await TestUser.Create();
        var session = await user.LogIn();
        using var client = await OAuthClient.Register();
        var (_, tokens) = await client.Redeem((await client.Authorize(user.Email, user.Password, ["medcor.read"]))["code"]);
        using var browser = await PageBrowser.Open();
        var page = await browser.LogIn(user.Email, user.Password);
        Assert.Contains("Planner", page.Html);
        Assert.Contains("medcor.read", page.Html);

        page = await browser.Post(page, "Disconnect", ("client", client.Id));
        Assert.Equal("invalid_grant", (await client.Refresh(tokens.RefreshToken())).Body.OAuthError());
        await Wait.Until(async () => (await client.Call(tokens.AccessToken(), "get_current_user")).Code == "AUTH_INVALID",
            "the app's access ends", TimeSpan.FromSeconds(10));
        Assert.Equal(HttpStatusCode.OK, (await session.TryCall("get_current_user")).Status);

        page = await browser.Post(page, "EndAll", ("all", "true"));
        Assert.Equal("/oauth/account", page.Path);
        Assert.Equal("AUTH_INVALID", (await TestUser.PostRefresh(session.RefreshToken)).Code);
        Assert.DoesNotContain("Planner", page.Html);
    }

    [Fact]
    public async Task A_form_that_another_site_has_made_does_nothing()
    {
        var user = await TestUser.Create();
        var session = await user.LogIn();
        using var browser = await PageBrowser.Open();
        var page = await browser.LogIn(user.Email, user.Password);

        var forged = await browser.Post(page, "EndAll", ("all", "true"), ("__RequestVerificationToken", "forged"));

        Assert.Equal(HttpStatusCode.BadRequest, forged.Status);
        Assert.Equal(HttpStatusCode.OK, (await session.TryCall("get_current_user")).Status);
    }

    [Fact]
    public async Task A_copy_of_the_cookie_of_a_browser_that_has_logged_out_opens_nothing()
    {
        var (user, address) = (await TestUser.Create(), (await MedCorFixture.Get()).Gateways[0]);
        using var browser = await PageBrowser.Open();
        using var elsewhere = await PageBrowser.Open();
        using var copy = await PageBrowser.Open();
        var page = await browser.LogIn(user.Email, user.Password);
        copy.Cookies.Add(browser.Cookies.GetCookies(address));
        Assert.Equal("/oauth/account", (await copy.Get("/oauth/account")).Path);
        await elsewhere.LogIn(user.Email, user.Password);

        await browser.Post(page, "LogOut");

        Assert.Equal("/oauth/login", (await copy.Get("/oauth/account")).Path);
        Assert.Equal("/oauth/account", (await elsewhere.Get("/oauth/account")).Path);
    }

    [Fact]
    public async Task A_session_of_another_user_is_not_ended()
    {
        var (user, other) = (await TestUser.Create(), await TestUser.Create());
        await user.LogIn();
        var session = await other.LogIn();
        using var browser = await PageBrowser.Open();
        var page = await browser.LogIn(user.Email, user.Password);

        await browser.Post(page, "EndSession", ("session", new Microsoft.IdentityModel.JsonWebTokens.JsonWebToken(session.AccessToken).GetClaim("sid").Value));

        Assert.Equal(HttpStatusCode.OK, (await TestUser.PostRefresh(session.RefreshToken)).Status);
    }

    [Fact]
    public async Task Pages_without_a_passkey_permit_no_script_and_others_only_their_own()
    {
        var user = await TestUser.Create();
        using var browser = await PageBrowser.Open();
        var account = await browser.LogIn(user.Email, user.Password);
        var passkey = await browser.Get("/oauth/account/passkey");

        Assert.DoesNotContain("script-src", account.Policy, StringComparison.Ordinal);
        Assert.EndsWith("; script-src 'self'", passkey.Policy, StringComparison.Ordinal);
        Assert.DoesNotContain("<script>", passkey.Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_answer_that_no_passkey_has_given_logs_nobody_in()
    {
        using var browser = await PageBrowser.Open();
        var page = await browser.Get("/oauth/login");

        foreach (var credential in new[] { "", "{}", """{"id":"AAAA","rawId":"AAAA","type":"public-key","response":{}}""" })
        {
            var refused = await browser.Submit(page, ("credential", credential));
            Assert.Equal((HttpStatusCode.BadRequest, "/oauth/login"), (refused.Status, refused.Path));
        }
    }
}
