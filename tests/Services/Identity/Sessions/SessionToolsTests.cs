using System.Net;
using MedCor.Contracts;
using MedCor.Contracts.Identity;
using Microsoft.IdentityModel.JsonWebTokens;

namespace MedCor.Tests.Services.Identity.Sessions;

public class SessionToolsTests
{
    [Fact]
    public async Task Users_list_their_sessions_and_end_one()
    {
        var user = await TestUser.Create("NURSE");
        var (here, there) = (await user.LogIn(), await user.LogIn());
        var refreshed = (await TestUser.PostRefresh(there.RefreshToken)).Read<SessionTokens>();

        var list = await here.Call<Page<UserSession>>("list_sessions");

        Assert.Equal(2, list.Total);
        Assert.Equal([GetSession(here)], list.Results.Where(s => s.IsCurrent).Select(s => s.Id));
        var other = Assert.Single(list.Results, s => s.Id == GetSession(there));
        Assert.True(other.LastUsedAt > other.StartedAt, "a refresh is a use");
        Assert.Equal(["pwd"], other.AuthenticationMethods);
        Assert.Equal((null, user.User.HospitalId), (other.ClientId, other.HospitalId));

        await here.Call("end_session", new { session_id = other.Id });

        Assert.Equal("AUTH_INVALID", (await TestUser.PostRefresh(refreshed.RefreshToken)).Code);
        await Wait.Until(async () => (await there.TryCall("get_current_user")).Code == "AUTH_INVALID", "the session ends", TimeSpan.FromSeconds(10));
        Assert.Equal([GetSession(here)], (await here.Call<Page<UserSession>>("list_sessions")).Results.Select(s => s.Id));
        Assert.True((await here.Call<EndedSession>("end_session", new { session_id = other.Id })).Ended);
    }

    [Fact]
    public async Task Administrators_end_the_sessions_of_the_users_of_their_hospital_alone()
    {
        var user = await TestUser.Create();
        var session = GetSession(await user.LogIn());
        var (own, foreign) = (await ApiClient.LogInShared(TestUser.HospitalAdminEmail), await ApiClient.LogInShared(TestUser.OtherHospitalAdminEmail));

        Assert.Equal(ErrorCodes.ResourceNotFound, (await foreign.TryCall("list_sessions", new { user_id = user.Id })).Code);
        Assert.Equal(ErrorCodes.ResourceNotFound, (await foreign.TryCall("end_session", new { session_id = session })).Code);
        Assert.Equal([session], (await own.Call<Page<UserSession>>("list_sessions", new { user_id = user.Id })).Results.Select(s => s.Id));
        await own.Call("end_session", new { session_id = session });

        Assert.Equal(0, (await own.Call<Page<UserSession>>("list_sessions", new { user_id = user.Id })).Total);
    }

    [Fact]
    public async Task Other_users_see_and_end_no_session_but_their_own()
    {
        var (user, nurse) = (await TestUser.Create(), await (await TestUser.Create("NURSE")).LogIn());
        var session = GetSession(await user.LogIn());

        Assert.Equal(ErrorCodes.PermissionDenied, (await nurse.TryCall("list_sessions", new { user_id = user.Id })).Code);
        Assert.Equal(ErrorCodes.ResourceNotFound, (await nurse.TryCall("end_session", new { session_id = session })).Code);
    }

    [Fact]
    public async Task A_session_of_a_client_names_the_client_and_its_scopes()
    {
        var user = await TestUser.Create();
        using var client = await OAuthClient.Register();
        var callback = await client.Authorize(user.Email, user.Password, ["medcor.read"]);
        var (_, tokens) = await client.Redeem(callback["code"]);
        var (_, refreshed) = await client.Refresh(tokens.RefreshToken());

        var listed = (await client.Call(refreshed.AccessToken(), "list_sessions")).Read<Page<UserSession>>();

        var session = Assert.Single(listed.Results, s => !s.IsBrowser);
        Assert.Equal((client.Id, "Planner", "medcor.read", true), (session.ClientId, session.ClientName, session.Scope, session.IsCurrent));
        Assert.True(session.LastUsedAt > session.StartedAt, "a refresh is a use");
    }

    [Fact]
    public async Task A_login_in_a_browser_is_a_session_that_an_administrator_ends()
    {
        var user = await TestUser.Create();
        var admin = await ApiClient.LogInShared(TestUser.HospitalAdminEmail);
        using var browser = await PageBrowser.Open();
        Assert.Contains("This browser", (await browser.LogIn(user.Email, user.Password)).Html, StringComparison.Ordinal);

        var session = await GetOnlySession(admin, user);
        Assert.True(session.IsBrowser);
        Assert.Null(session.ClientId);
        Assert.Null(session.Scope);
        Assert.Equal(["pwd"], session.AuthenticationMethods);
        Assert.InRange(session.EndsAt - session.StartedAt, TimeSpan.FromMinutes(1), TimeSpan.FromHours(8));
        await admin.Call("end_session", new { session_id = session.Id });

        Assert.Equal("/oauth/login", (await browser.Get("/oauth/account")).Path);
        Assert.Equal(0, (await admin.Call<Page<UserSession>>("list_sessions", new { user_id = user.Id })).Total);
    }

    [Fact]
    public async Task A_browser_has_one_session_from_its_login_until_it_logs_out()
    {
        var user = await TestUser.Create();
        var admin = await ApiClient.LogInShared(TestUser.HospitalAdminEmail);
        using var browser = await PageBrowser.Open();
        await browser.LogIn(user.Email, user.Password);
        var first = await GetOnlySession(admin, user);

        var page = await browser.LogIn(user.Email, user.Password, "/oauth/account/authenticator");
        var second = await GetOnlySession(admin, user);
        Assert.NotEqual(first.Id, second.Id);
        await TestAuthenticator.SetUp(browser, page, user.Id);
        var third = await GetOnlySession(admin, user);
        Assert.Equal(second.Id, third.Id);
        Assert.Contains("mfa", third.AuthenticationMethods);
        await browser.Post(await browser.Get("/oauth/account"), "LogOut");

        Assert.Equal(0, (await admin.Call<Page<UserSession>>("list_sessions", new { user_id = user.Id })).Total);
    }

    [Fact]
    public async Task A_browser_whose_session_has_ended_lets_no_client_in()
    {
        var user = await TestUser.Create();
        var admin = await ApiClient.LogInShared(TestUser.HospitalAdminEmail);
        using var client = await OAuthClient.Register();
        var (_, tokens) = await client.Redeem((await client.Authorize(user.Email, user.Password, ["medcor.read"]))["code"]);
        using (var asked = await client.OpenAuthorization()) Assert.Equal(HttpStatusCode.OK, asked.StatusCode);
        var sessions = (await admin.Call<Page<UserSession>>("list_sessions", new { user_id = user.Id })).Results;

        await admin.Call("end_session", new { session_id = Assert.Single(sessions, s => s.IsBrowser).Id });

        using var next = await client.OpenAuthorization();
        Assert.Equal(HttpStatusCode.Found, next.StatusCode);
        Assert.Contains("/oauth/login", next.Headers.Location!.ToString(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await client.Refresh(tokens.RefreshToken())).Status);
    }

    private static async Task<UserSession> GetOnlySession(ApiClient admin, TestUser user) =>
        Assert.Single((await admin.Call<Page<UserSession>>("list_sessions", new { user_id = user.Id })).Results);

    private static Guid GetSession(ApiClient user) => Guid.Parse(new JsonWebToken(user.AccessToken).GetClaim("sid").Value);
}
