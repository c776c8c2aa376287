using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using MedCor.Contracts.Identity;
using MedCor.DemoData;
using MedCor.Tests.Services.Identity.Federation;
using MedCor.Tests.Services.Identity.Recovery;
using MedCor.Tests.Services.Identity.Users;
using Microsoft.IdentityModel.JsonWebTokens;

namespace MedCor.Tests.Services.Identity.Sessions;

/// <summary>Tests logins that open several hospitals.</summary>
public sealed class HospitalSwitchTests
{
    private static readonly Guid General = DemoTenants.Hospitals[0].Id, Riverside = DemoTenants.Hospitals[1].Id;

    [Fact]
    public async Task A_login_opens_the_hospital_that_it_names_or_the_last_used_one_and_lists_the_others()
    {
        var user = await LinkedUser.Create();

        var named = (await user.LogIn(Riverside)).User;
        var last = (await user.LogIn()).User;
        Assert.Equal((user.Second.Id, user.Second.Id), (named.Id, last.Id));
        Assert.Equal((General, "General"), Assert.Single(last.Hospitals.Select(h => (h.Id, h.Name))));
        await user.LogIn(General);

        Assert.Equal(user.First.Id, (await user.LogIn()).User.Id);
        // As with a wrong password.
        var elsewhere = await user.PostLogIn(Guid.NewGuid());
        Assert.Equal(("AUTH_INVALID", "E-mail address or password is wrong."), (elsewhere.Code, elsewhere.Error.Message));
    }

    [Fact]
    public async Task A_switch_answers_tokens_for_the_other_hospital_and_ends_nothing()
    {
        var user = await LinkedUser.Create();
        var first = await user.LogIn(General);

        var second = (await Switch(first, Riverside)).Read<SessionTokens>();

        var token = new JsonWebToken(second.AccessToken);
        Assert.Equal((Riverside.ToString(), user.Second.Id.ToString()), (token.GetClaim("hospital_id").Value, token.GetClaim("user_id").Value));
        Assert.Equal((user.Second.Id, Riverside), (second.User.Id, second.User.HospitalId));
        Assert.Equal(["General"], second.User.Hospitals.Select(h => h.Name));
        Assert.Equal((user.First.Id, user.Second.Id), ((await Current(first)).Read<User>().Id, (await Current(second)).Read<User>().Id));
        Assert.NotEqual(new JsonWebToken(first.AccessToken).GetClaim("sid").Value, token.GetClaim("sid").Value);
        foreach (var tokens in (SessionTokens[])[first, second])
            Assert.Equal(tokens.User.Id, (await TestUser.PostRefresh(tokens.RefreshToken)).Read<SessionTokens>().User.Id);
    }

    [Fact]
    public async Task A_log_out_and_a_new_password_are_on_record_in_all_hospitals_of_the_login()
    {
        var (house, user) = (await MedCorFixture.Get(), await LinkedUser.Create());
        var first = await user.LogIn(General);
        await Switch(first, Riverside);

        using var mails = await MailboxClient.Open();
        using (var http = await CreateClient(first.AccessToken))
        {
            using (await http.PostAsync(new Uri("/api/auth/logout", UriKind.Relative), null)) { }
            using (await http.PostAsJsonAsync("/api/auth/reset", new { email = user.Email })) { }
            var token = await mails.WaitForToken(user.Email, "Set a new password");
            using (await http.PostAsJsonAsync("/api/auth/password", new { token, password = "Noch-ein-Kennwort-9" })) { }
        }

        Assert.Equal((1L, 1L), (await Count("log_out", user.First), await Count("log_out", user.Second)));
        Assert.Equal((2L, 1L), (await Count("set_password", user.First), await Count("set_password", user.Second)));

        Task<long> Count(string action, User opened) => house.QueryNumber("identity",
            "SELECT count(*) FROM audit_events WHERE action = $1 AND user_id = $2 AND hospital_id = $3", action, opened.Id, opened.HospitalId!.Value);
    }

    [Fact]
    public async Task A_hospital_that_the_login_does_not_open_is_told_from_a_missing_one_by_nothing()
    {
        var tokens = (await TestUser.PostLogIn("nurse@general.example", "Demo-Medcor-2026")).Read<SessionTokens>();

        var (foreign, missing) = (await Switch(tokens, Riverside), await Switch(tokens, Guid.NewGuid()));

        Assert.Equal("RESOURCE_NOT_FOUND", foreign.Code);
        Assert.Equal((missing.Status, missing.Code, missing.Error.Message), (foreign.Status, foreign.Code, foreign.Error.Message));
        Assert.NotNull((await Switch(tokens, General)).Details!["hospital_id"]);
    }

    [Fact]
    public async Task The_scopes_of_the_login_limit_the_other_session_too()
    {
        var user = await LinkedUser.Create();
        var limited = (await TestUser.Post("/api/auth/login",
            new { email = user.Email, password = LinkedUser.Password, hospital_id = General, scope = "people.read" })).Read<SessionTokens>();

        var other = (await Switch(limited, Riverside)).Read<SessionTokens>();

        Assert.Equal("people.read", other.Scope);
        Assert.Equal("people.read", new JsonWebToken(other.AccessToken).GetClaim("scope").Value);
    }

    [Fact]
    public async Task A_second_factor_that_the_other_hospital_requires_is_asked_for()
    {
        var (admin, general) = (await OpenHospital(), await ApiClient.LogInShared(TestUser.HospitalAdminEmail));
        var user = await LinkedUser.Create(general, admin);
        await admin.Call("update_sign_in_policy", new { second_factor_roles = FederatedHospital.List("NURSE") });
        var tokens = await user.LogIn(General);

        var refused = await Switch(tokens, admin.HospitalId!.Value);

        Assert.Equal((HttpStatusCode.Forbidden, "PERMISSION_DENIED"), (refused.Status, refused.Code));
        Assert.Contains("second factor", refused.Error.Message, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await Current(tokens)).Status);
        await admin.Call("update_sign_in_policy", new { second_factor_roles = Array.Empty<string>() });
        Assert.Equal(HttpStatusCode.OK, (await Switch(tokens, admin.HospitalId.Value)).Status);
    }

    [Fact]
    public async Task The_rules_of_the_other_hospital_decide_how_long_ago_the_login_may_be()
    {
        var (admin, general) = (await OpenHospital(), await ApiClient.LogInShared(TestUser.HospitalAdminEmail));
        var user = await LinkedUser.Create(general, admin);
        await admin.Call("update_sign_in_policy", new { max_session_hours = 1 });
        var tokens = await user.LogIn(General);
        await (await MedCorFixture.Get()).QueryNumber("identity",
            "UPDATE sessions SET started_at = started_at - interval '61 minutes' WHERE user_id = $1 RETURNING 1", user.First.Id);

        Assert.Equal("AUTH_INVALID", (await Switch(tokens, admin.HospitalId!.Value)).Code);
        Assert.Equal(HttpStatusCode.OK, (await Current(tokens)).Status);
    }

    [Fact]
    public async Task Neither_a_password_nor_another_provider_opens_a_hospital_that_requires_its_own()
    {
        await using var hospital = await FederatedHospital.Open();
        var user = await LinkedUser.Create(await ApiClient.LogInShared(TestUser.HospitalAdminEmail), hospital.Admin);
        var tokens = await user.LogIn(General);
        await hospital.Update(new { is_required = true });

        var refused = await Switch(tokens, hospital.Id);
        Assert.Equal((HttpStatusCode.Forbidden, "PERMISSION_DENIED"), (refused.Status, refused.Code));
        Assert.EndsWith($"/oauth/login/hospital?hospital={hospital.Subdomain}", refused.Error.Message, StringComparison.Ordinal);

        // Whoever logs in through the provider opens this hospital alone, and adds nothing to the login.
        hospital.Say("42", user.Email);
        using var browser = await PageBrowser.Open();
        var page = await hospital.LogIn(browser);
        Assert.Equal("/oauth/account", page.Path);
        Assert.Equal(HttpStatusCode.Forbidden, (await browser.Post(page, "OpenHospital", ("hospital", General.ToString()))).Status);
        foreach (var path in (string[])["/oauth/account/authenticator", "/oauth/account/passkey"])
            Assert.Equal("/oauth/login", (await browser.Get(path)).Path);

        // On a page nobody names a hospital, so the password opens one that accepts it, although the other was used last.
        using var another = await PageBrowser.Open();
        Assert.Contains("Your hospital is General.", (await another.LogIn(user.Email, LinkedUser.Password)).Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_browser_changes_the_hospital_on_the_account_page()
    {
        var user = await LinkedUser.Create();
        await user.LogIn(General);
        using var browser = await PageBrowser.Open();
        var page = await browser.LogIn(user.Email, LinkedUser.Password);
        Assert.Contains("Your hospital is General.", page.Html, StringComparison.Ordinal);

        var other = await browser.Post(page, "OpenHospital", ("hospital", Riverside.ToString()));

        Assert.Contains("Your hospital is Riverside.", other.Html, StringComparison.Ordinal);
        Assert.Contains("Your hospital is Riverside.", (await browser.Get("/oauth/account")).Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_program_does_not_change_the_hospital()
    {
        var user = await LinkedUser.Create();
        using var client = await OAuthClient.Register();
        var (_, tokens) = await client.Redeem((await client.Authorize(user.Email, LinkedUser.Password, ["medcor.read"]))["code"]);

        var refused = await Switch((string)tokens["access_token"]!, Riverside);

        Assert.Equal((HttpStatusCode.Forbidden, "PERMISSION_DENIED"), (refused.Status, refused.Code));
    }

    [Fact]
    public async Task Who_is_deactivated_at_one_hospital_goes_on_at_the_other()
    {
        var user = await LinkedUser.Create();
        var first = await user.LogIn(General);
        var second = (await Switch(first, Riverside)).Read<SessionTokens>();

        await (await ApiClient.LogInShared(TestUser.OtherHospitalAdminEmail)).Call("delete_user", new { user_id = user.Second.Id });

        await Wait.Until(async () => (await Current(second)).Code == "AUTH_INVALID", "the session of the deactivated user ends", TimeSpan.FromSeconds(10));
        Assert.Equal("AUTH_INVALID", (await TestUser.PostRefresh(second.RefreshToken)).Code);
        Assert.Equal(HttpStatusCode.OK, (await Current(first)).Status);
        Assert.Equal("RESOURCE_NOT_FOUND", (await Switch(first, Riverside)).Code);
        var again = await user.LogIn();
        Assert.Equal(user.First.Id, again.User.Id);
        Assert.Empty(again.User.Hospitals);
    }

    [Fact]
    public async Task A_new_password_ends_the_sessions_at_all_hospitals()
    {
        var user = await LinkedUser.Create();
        var first = await user.LogIn(General);
        var second = (await Switch(first, Riverside)).Read<SessionTokens>();
        using var http = await CreateClient(first.AccessToken);

        using var changed = await http.PostAsJsonAsync("/api/mcp/tools/update_user",
            new { user_id = user.First.Id, password = "Noch-ein-Kennwort-9", current_password = LinkedUser.Password });

        Assert.Equal(HttpStatusCode.OK, changed.StatusCode);
        foreach (var tokens in (SessionTokens[])[first, second])
        {
            await Wait.Until(async () => (await Current(tokens)).Code == "AUTH_INVALID", "the session ends", TimeSpan.FromSeconds(10));
            Assert.Equal("AUTH_INVALID", (await TestUser.PostRefresh(tokens.RefreshToken)).Code);
        }
    }

    [Fact]
    public async Task Switches_to_and_fro_at_the_same_time_do_not_wait_for_each_other_forever()
    {
        var user = await LinkedUser.Create();
        var first = await user.LogIn(General);
        var second = (await Switch(first, Riverside)).Read<SessionTokens>();

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(n => n % 2 == 0 ? Switch(first, Riverside) : Switch(second, General)));

        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.OK, answer.Status));
    }

    [Fact]
    public async Task A_login_from_before_the_end_of_all_sessions_at_the_other_hospital_does_not_open_it()
    {
        var (user, admin) = (await LinkedUser.Create(), await ApiClient.LogInShared(TestUser.OtherHospitalAdminEmail));
        var tokens = await user.LogIn(General);
        using var browser = await PageBrowser.Open();
        var page = await browser.LogIn(user.Email, LinkedUser.Password);
        await admin.Call("delete_user", new { user_id = user.Second.Id });
        await admin.Call("update_user", new { user_id = user.Second.Id, is_active = true });

        var refused = await Switch(tokens, Riverside);

        Assert.Equal((HttpStatusCode.Unauthorized, "AUTH_INVALID"), (refused.Status, refused.Code));
        Assert.Equal(HttpStatusCode.Unauthorized, (await browser.Post(page, "OpenHospital", ("hospital", Riverside.ToString()))).Status);
        Assert.Equal(HttpStatusCode.OK, (await Switch(await user.LogIn(General), Riverside)).Status);
    }

    /// <summary>Live events are sent again from the time that the token names on.</summary>
    [Fact]
    public async Task Events_from_before_the_switch_are_not_sent_and_the_time_of_the_login_stays()
    {
        var first = await (await LinkedUser.Create()).LogIn(General);

        var second = (await Switch(first, Riverside)).Read<SessionTokens>();

        var (before, after) = (new JsonWebToken(first.AccessToken), new JsonWebToken(second.AccessToken));
        Assert.True(before.GetPayloadValue<long>("auth_time_ms") < after.GetPayloadValue<long>("auth_time_ms"));
        Assert.Equal(before.GetPayloadValue<long>("auth_time"), after.GetPayloadValue<long>("auth_time"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Sessions_that_began_with_one_login_end_together_when_somebody_logs_out_or_a_refresh_token_is_used_twice(bool logsOut)
    {
        var user = await LinkedUser.Create();
        var first = await user.LogIn(General);
        var second = (await Switch(first, Riverside)).Read<SessionTokens>();
        var another = await user.LogIn(Riverside);

        if (logsOut) await TestUser.Post("/api/auth/logout/", new { refresh_token = first.RefreshToken });
        else for (var use = 0; use < 2; use++) await TestUser.PostRefresh(first.RefreshToken);

        Assert.Equal("AUTH_INVALID", (await TestUser.PostRefresh(second.RefreshToken)).Code);
        await Wait.Until(async () => (await Current(second)).Code == "AUTH_INVALID", "the other session ends", TimeSpan.FromSeconds(10));
        Assert.Equal(HttpStatusCode.OK, (await TestUser.PostRefresh(another.RefreshToken)).Status);
    }

    [Fact]
    public async Task A_session_that_is_over_by_the_rules_of_its_hospital_ends_alone()
    {
        var (admin, general) = (await OpenHospital(), await ApiClient.LogInShared(TestUser.HospitalAdminEmail));
        var user = await LinkedUser.Create(general, admin);
        var first = await user.LogIn(General);
        var second = (await Switch(first, admin.HospitalId!.Value)).Read<SessionTokens>();
        await admin.Call("update_sign_in_policy", new { second_factor_roles = FederatedHospital.List("NURSE") });

        Assert.Equal("AUTH_INVALID", (await TestUser.PostRefresh(second.RefreshToken)).Code);

        Assert.Equal(HttpStatusCode.OK, (await TestUser.PostRefresh(first.RefreshToken)).Status);
    }

    [Fact]
    public async Task A_program_is_not_allowed_a_hospital_that_another_page_has_opened_meanwhile()
    {
        var user = await LinkedUser.Create();
        await user.LogIn(General);
        using var client = await OAuthClient.Register();
        using var browser = await PageBrowser.Open();
        var consent = await browser.LogIn(user.Email, LinkedUser.Password, client.GetAuthorizationAddress().PathAndQuery);
        Assert.Contains("Your hospital is General.", consent.Html, StringComparison.Ordinal);
        await browser.Post(await browser.Get("/oauth/account"), "OpenHospital", ("hospital", Riverside.ToString()));

        var asked = await browser.Submit(consent, ("decision", "allow"), ("grant:medcor.read", "true"));

        Assert.Equal(("/oauth/authorize", HttpStatusCode.OK), (asked.Path, asked.Status));
        Assert.Contains("Your hospital is Riverside.", asked.Html, StringComparison.Ordinal);
        Assert.Contains($"name=\"asked-user\" value=\"{user.Second.Id}\"", asked.Html, StringComparison.Ordinal);
        // What the page has asked before is not among what the program has asked.
        Assert.DoesNotContain(user.First.Id.ToString(), asked.Html, StringComparison.Ordinal);
        Assert.DoesNotContain("type=\"hidden\" name=\"decision\"", asked.Html, StringComparison.Ordinal);
    }

    private static async Task<ApiClient> OpenHospital() =>
        await TestUser.LogInNewAdmin((await CreateUserTests.NewHospital(await ApiClient.LogInShared(TestUser.PlatformAdminEmail))).Id);

    private static Task<ApiResponse> Switch(SessionTokens from, Guid hospital) => Switch(from.AccessToken, hospital);

    private static async Task<ApiResponse> Switch(string accessToken, Guid hospital)
    {
        using var http = await CreateClient(accessToken);
        using var response = await http.PostAsJsonAsync("/api/auth/switch", new { hospital_id = hospital });
        return new(response.StatusCode, JsonNode.Parse(await response.Content.ReadAsStringAsync())!);
    }

    private static async Task<ApiResponse> Current(SessionTokens tokens)
    {
        using var http = await CreateClient(tokens.AccessToken);
        using var response = await http.PostAsJsonAsync("/api/mcp/tools/get_current_user", new { });
        return new(response.StatusCode, JsonNode.Parse(await response.Content.ReadAsStringAsync())!);
    }

    private static async Task<HttpClient> CreateClient(string accessToken)
    {
        var http = await TestUser.CreateAnonymousClient();
        http.DefaultRequestHeaders.Authorization = new("Bearer", accessToken);
        return http;
    }
}
