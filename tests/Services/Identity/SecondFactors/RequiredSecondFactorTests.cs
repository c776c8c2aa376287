using System.Net;
using MedCor.Tests.Services.Identity.Users;

namespace MedCor.Tests.Services.Identity.SecondFactors;

public class RequiredSecondFactorTests
{
    [Fact]
    public async Task A_role_that_needs_a_factor_sets_it_up_on_the_login_page_before_anything_else()
    {
        var (hospital, nurse) = await CreateHospital();
        await Require(hospital, "NURSE");

        var refused = await TestUser.PostLogIn(nurse.Email, nurse.Password);
        Assert.Equal((HttpStatusCode.Forbidden, "PERMISSION_DENIED"), (refused.Status, refused.Code));
        Assert.Contains("/oauth/account", refused.Error.Message);
        using var client = await OAuthClient.Register();
        using var authorize = await client.OpenAuthorization();
        using var loggedIn = await client.LogIn(authorize.Headers.Location!, nurse.Email, nurse.Password);
        using var asked = await client.OpenAuthorization();
        Assert.StartsWith("/oauth/account/authenticator?return=", asked.Headers.Location!.ToString());

        using var browser = await PageBrowser.Open();
        var page = await browser.LogIn(nurse.Email, nurse.Password);
        Assert.Equal("/oauth/account/authenticator", page.Path);
        var app = await TestAuthenticator.SetUp(browser, page, nurse.Id);

        Assert.Equal("/oauth/account", (await browser.Get("/oauth/account")).Path);
        var code = await app.GetUnusedCode();
        Assert.Equal(HttpStatusCode.OK, (await TestUser.Post("/api/auth/login", new { email = nurse.Email, password = nurse.Password, code })).Status);
    }

    [Fact]
    public async Task Sessions_that_began_without_the_factor_end_when_they_are_refreshed()
    {
        var (hospital, nurse) = await CreateHospital();
        var session = await nurse.LogIn();
        using var client = await OAuthClient.Register();
        var callback = await client.Authorize(nurse.Email, nurse.Password, ["medcor.read"]);
        var (_, tokens) = await client.Redeem(callback["code"]);

        await Require(hospital, "NURSE", "ADMIN");

        var refused = await TestUser.PostRefresh(session.RefreshToken);
        Assert.Equal((HttpStatusCode.Unauthorized, "AUTH_INVALID"), (refused.Status, refused.Code));
        Assert.Contains("requires a second factor", refused.Error.Message);
        Assert.Equal("invalid_grant", (await client.Refresh(tokens.RefreshToken())).Body.OAuthError());
        await Wait.Until(async () => (await session.TryCall("get_current_user")).Code == "AUTH_INVALID", "the session ends", TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task Other_roles_and_other_hospitals_log_in_as_before()
    {
        var (hospital, nurse) = await CreateHospital();
        await Require(hospital, "DOCTOR");

        Assert.Equal(HttpStatusCode.OK, (await TestUser.PostLogIn(nurse.Email, nurse.Password)).Status);
        Assert.Equal(HttpStatusCode.OK, (await TestUser.PostLogIn("doctor@general.example", "Demo-Medcor-2026")).Status);
    }

    private static async Task<(Guid Hospital, TestUser Nurse)> CreateHospital()
    {
        var platform = await ApiClient.LogInShared(TestUser.PlatformAdminEmail);
        var hospital = (await CreateUserTests.NewHospital(platform)).Id;
        return (hospital, await TestUser.Create(await TestUser.LogInNewAdmin(hospital), "NURSE"));
    }

    private static async Task Require(Guid hospital, params string[] roles) => await (await ApiClient.LogInShared(TestUser.PlatformAdminEmail))
        .Call("update_sign_in_policy", new { hospital_id = hospital, second_factor_roles = roles });
}
