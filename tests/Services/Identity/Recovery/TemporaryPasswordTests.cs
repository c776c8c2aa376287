using System.Net;
using System.Web;
using MedCor.Contracts.Identity;
using MedCor.Tests.Services.Identity.Users;

namespace MedCor.Tests.Services.Identity.Recovery;

public class TemporaryPasswordTests
{
    private const string Temporary = "Korrekt-Pferd-7", Own = "Neues-Kennwort-9";

    [Fact]
    public async Task A_temporary_password_opens_nothing_but_its_own_change()
    {
        var (email, id) = await CreateUser();

        var refused = await TestUser.PostLogIn(email, Temporary);
        Assert.Equal((HttpStatusCode.Forbidden, "PERMISSION_DENIED"), (refused.Status, refused.Code));
        Assert.Contains("/oauth/login", refused.Error.Message, StringComparison.Ordinal);
        Assert.Contains("POST /api/auth/password", refused.Error.Message, StringComparison.Ordinal);
        Assert.Equal("AUTH_INVALID", (await Replace(email, "wrong", Own)).Code);
        Assert.NotNull((await Replace(email, Temporary, Temporary)).Details!["new_password"]);
        Assert.NotNull((await Replace(email, Temporary, "Testperson-1")).Details!["new_password"]);

        var tokens = (await Replace(email, Temporary, Own)).Read<SessionTokens>();

        using var http = await TestUser.CreateAnonymousClient();
        http.DefaultRequestHeaders.Authorization = new("Bearer", tokens.AccessToken);
        Assert.Equal(id, (await new ApiClient(http, tokens.AccessToken, tokens.RefreshToken, id, null).Call<User>("get_current_user")).Id);
        Assert.Equal("AUTH_INVALID", (await TestUser.PostLogIn(email, Temporary)).Code);
        Assert.NotNull((await Replace(email, Own, "Noch-ein-Kennwort-9")).Details!["password"]);
        await ApiClient.LogIn(email, Own);
    }

    [Fact]
    public async Task The_login_page_leads_to_the_choice_of_an_own_one_and_back()
    {
        var (email, id) = await CreateUser();
        using var browser = await Pages.Open();

        var login = await browser.Submit("/oauth/login?return=%2Foauth%2Fauthorize%3Fclient_id%3Dx", ("email", email), ("password", Temporary));
        Assert.Equal(HttpStatusCode.Found, login.Status);
        Assert.StartsWith("/oauth/set-password?token=", login.Location, StringComparison.Ordinal);
        var set = await browser.Submit(login.Location!, ("password", Own));

        Assert.Contains("""<a href="/oauth/login?return=%2Foauth%2Fauthorize%3Fclient_id%3Dx">""", set.Html, StringComparison.Ordinal);
        await ApiClient.LogIn(email, Own);
        // Whoever knew the temporary password need not receive the user's mail.
        Assert.Equal(0, await CountVerified(id));
    }

    [Fact]
    public async Task Who_has_a_second_factor_shows_it_before_a_temporary_password_is_replaced()
    {
        var platform = await ApiClient.LogInShared(TestUser.PlatformAdminEmail);
        var hospital = await CreateUserTests.NewHospital(platform);
        var user = await TestUser.Create(await TestUser.LogInNewAdmin(hospital.Id), "NURSE");
        using var enrolled = await PageBrowser.Open();
        var app = await TestAuthenticator.SetUp(enrolled, await enrolled.LogIn(user.Email, user.Password, "/oauth/account/authenticator"), user.Id);
        await platform.Call("update_sign_in_policy", new { hospital_id = hospital.Id, accepts_chosen_passwords = false });

        Assert.Equal("AUTH_SECOND_FACTOR", (await TestUser.PostLogIn(user.Email, user.Password)).Code);
        Assert.Equal("PERMISSION_DENIED", (await LogIn(user.Password, app.RecoveryCodes[0])).Code);
        using var browser = await PageBrowser.Open();
        var page = await browser.LogIn(user.Email, user.Password);
        Assert.Equal("/oauth/login/code", page.Path);
        page = await browser.Submit(page, ("code", app.RecoveryCodes[1]));
        Assert.Equal("/oauth/set-password", page.Path);
        await browser.Submit(page, ("password", Own));

        Assert.Equal(HttpStatusCode.OK, (await LogIn(Own, app.RecoveryCodes[2])).Status);

        Task<ApiResponse> LogIn(string password, string code) => TestUser.Post("/api/auth/login", new { email = user.Email, password, code });
    }

    [Fact]
    public async Task A_link_that_was_mailed_proves_the_address()
    {
        var (email, id) = await CreateUser();
        using var mails = await MailboxClient.Open();
        using var http = await TestUser.CreateAnonymousClient();
        using var browser = await Pages.Open();
        await browser.Submit("/oauth/forgot", ("email", email));

        await browser.Submit($"/oauth/set-password?token={await mails.WaitForToken(email, "Set a new password")}", ("password", Own));

        Assert.Equal(1, await CountVerified(id));
        await ApiClient.LogIn(email, Own);
    }

    /// <summary>Otherwise whoever knew the temporary password would have the login of two hospitals.</summary>
    [Fact]
    public async Task Its_replacement_does_not_go_on_once_the_owner_has_added_a_hospital()
    {
        var (email, id) = await CreateUser();
        using var mails = await MailboxClient.Open();
        using var browser = await Pages.Open();
        using var owner = await Pages.Open();
        var begun = (await browser.Submit("/oauth/login", ("email", email), ("password", Temporary))).Location!;
        var token = HttpUtility.ParseQueryString(begun.Split('?')[1])["token"];
        await LinkedUser.Register(await ApiClient.LogInShared(TestUser.OtherHospitalAdminEmail), email);

        var added = await owner.Submit($"/oauth/link-hospital?token={await mails.WaitForToken(email, "A hospital has registered you")}");

        Assert.Equal(HttpStatusCode.BadRequest, (await browser.Get(begun)).Status);
        // Nor does one that began at the same time.
        await (await MedCorFixture.Get()).QueryNumber("identity",
            "UPDATE account_links SET spent_at = NULL WHERE user_id = $1 AND purpose = 'TEMPORARY_PASSWORD' RETURNING 1", id);
        Assert.NotNull((await TestUser.Post("/api/auth/password", new { token, password = "Noch-ein-Kennwort-9" })).Details!["token"]);
        await owner.Submit(added.Location!, ("password", Own));
        await ApiClient.LogIn(email, Own);
    }

    [Fact]
    public async Task Guesses_at_a_temporary_password_lock_the_address()
    {
        var (email, _) = await CreateUser();

        for (var i = 0; i < 5; i++) Assert.Equal("AUTH_INVALID", (await Replace(email, "wrong", Own)).Code);

        Assert.Equal("RATE_LIMIT", (await Replace(email, Temporary, Own)).Code);
    }

    /// <summary>Creates a user with a chosen password in a hospital that does not accept such passwords.</summary>
    private static async Task<(string Email, Guid Id)> CreateUser()
    {
        var (platform, email) = (await ApiClient.LogInShared(TestUser.PlatformAdminEmail), TestUser.NewEmail());
        var hospital = await CreateUserTests.NewHospital(platform);
        var admin = await TestUser.LogInNewAdmin(hospital.Id);
        await platform.Call("update_sign_in_policy", new { hospital_id = hospital.Id, accepts_chosen_passwords = false });
        var user = await admin.Call<User>("create_user",
            new { email, password = Temporary, first_name = "Robin", last_name = "Testperson", role = "NURSE" });
        return (email, user.Id);
    }

    private static async Task<long> CountVerified(Guid id) => await (await MedCorFixture.Get()).QueryNumber(
        "identity", "SELECT count(*) FROM logins l JOIN memberships m ON m.login_id = l.id WHERE m.user_id = $1 AND l.email_verified_at IS NOT NULL", id);

    private static Task<ApiResponse> Replace(string email, string password, string fresh) =>
        TestUser.Post("/api/auth/password", new { email, password, new_password = fresh });
}
