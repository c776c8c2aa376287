using System.Net;
using System.Net.Http.Json;
using MedCor.Contracts.Identity;
using Microsoft.IdentityModel.JsonWebTokens;

namespace MedCor.Tests.Services.Identity.Hospitals;

/// <summary>Tests how a login becomes recent enough for the tools that require step-up, and which changes of other tools do.</summary>
public class StepUpTests
{
    private static readonly Lazy<Task<StepUpFixture>> Shared = new(StepUpFixture.Create);

    [Fact]
    public async Task Without_the_rule_a_login_of_long_ago_suffices_and_tokens_are_as_before()
    {
        var somebody = await TestUser.Create();
        var admin = await StepUpFixture.Age(await (await TestUser.Create("ADMIN")).LogIn(), 2 * 1440);

        Assert.False(new JsonWebToken(admin.AccessToken).TryGetClaim("step_up_age", out _));
        await admin.Call("update_user", new { user_id = somebody.Id, role = "NURSE" });
        await admin.Call("delete_user", new { user_id = somebody.Id });
    }

    [Fact]
    public async Task A_new_rule_holds_for_the_tokens_that_are_issued_from_then_on()
    {
        var here = await StepUpFixture.Create();
        // The token was issued before the rule.
        await here.Hospital.Admin.Call("update_sign_in_policy", new { idle_minutes = 600 });

        Assert.Equal(StepUpFixture.Minutes, (await here.Stale.Call<SignInPolicy>("get_sign_in_policy")).StepUpMinutes);
        Assert.Equal("AUTH_STEP_UP", (await here.Stale.TryCall("update_sign_in_policy", new { step_up_minutes = (int?)null })).Code);
        Assert.Null((await here.Fresh.Call<SignInPolicy>("update_sign_in_policy", new { step_up_minutes = (int?)null })).StepUpMinutes);
        await (await StepUpFixture.Age(here.Stale, 1)).Call("update_sign_in_policy", new { idle_minutes = 700 });
    }

    [Theory, InlineData(0), InlineData(1441), InlineData("15")]
    public async Task The_rule_has_bounds(object minutes)
    {
        var refused = await (await Shared.Value).Fresh.TryCall("update_sign_in_policy", new { step_up_minutes = minutes });

        Assert.Equal(["request_id", "step_up_minutes"], refused.Details!.AsObject().Select(d => d.Key).Order());
    }

    [Fact]
    public async Task Neither_a_refresh_nor_a_renewal_makes_a_login_recent()
    {
        var here = await Shared.Value;
        var authenticatedAt = ReadTime(here.Stale.AccessToken);

        var refreshed = await StepUpFixture.Age(here.Stale, 0);
        using var renewed = await here.Stale.Http.PostAsJsonAsync(new Uri((await MedCorFixture.Get()).GetAddress("identity"), "/sessions/token"), new { });

        // A renewal that would not prolong the token is refused, which changes nothing either.
        if (renewed.IsSuccessStatusCode)
            Assert.Equal(authenticatedAt, ReadTime((await renewed.Content.ReadFromJsonAsync<AccessToken>(Contracts.Json.Options))!.Token));
        Assert.Equal(authenticatedAt, ReadTime(refreshed.AccessToken));
        Assert.Equal("AUTH_STEP_UP", (await refreshed.TryCall("update_sign_in_policy")).Code);
    }

    [Fact]
    public async Task Changes_that_take_an_account_over_or_away_require_a_recent_login_and_others_do_not()
    {
        var here = await Shared.Value;
        var somebody = await TestUser.Create(here.Fresh, "NURSE");

        foreach (var change in (object[])[new { user_id = somebody.Id, role = "ADMIN" }, new { user_id = somebody.Id, is_active = false },
            new { user_id = somebody.Id, email = TestUser.NewEmail() }])
            AssertRefused(await here.Stale.TryCall("update_user", change));
        AssertRefused(await here.Stale.TryCall("create_user", NewUser("ADMIN")));

        await here.Stale.Call("update_user",
            new { user_id = somebody.Id, role = "NURSE", is_active = true, email = somebody.Email, phone_number = "+1-555-0177" });
        await here.Stale.Call("update_user", new { user_id = here.Admin.Id, phone_number = "+1-555-0178" });
        await here.Stale.Call("create_user", NewUser("DOCTOR"));
        await here.Fresh.Call("update_user", new { user_id = somebody.Id, role = "DOCTOR" });
        await here.Fresh.Call("create_user", NewUser("ADMIN"));

        static object NewUser(string role) =>
            new { email = TestUser.NewEmail(), password = "Korrekt-Pferd-7", first_name = "Robin", last_name = "Testperson", role };
    }

    [Fact]
    public async Task A_program_without_a_user_cannot_log_in_again()
    {
        var (here, somebody) = (await Shared.Value, await TestUser.Create((await Shared.Value).Fresh));
        var account = await here.Fresh.Call<ServiceAccount>("create_service_account", new { name = "Leavers", role = "ADMIN", scope = "people.delete" });
        var program = new ServiceAccountClient(here.Fresh, account, await ServiceAccountClient.CreateKey(here.Fresh, account.Id));
        var (_, tokens) = await program.RequestToken(program.Key.ApiKey);

        foreach (var credential in (string[])[program.Key.ApiKey, tokens.AccessToken()])
        {
            var refused = await ServiceAccountClient.Call(credential, "delete_user", new { user_id = somebody.Id });
            Assert.Equal((HttpStatusCode.Unauthorized, "AUTH_STEP_UP"), (refused.Status, refused.Code));
            Assert.Equal(HttpStatusCode.OK, (await ServiceAccountClient.Call(credential, "get_user", new { user_id = somebody.Id })).Status);
        }
    }

    [Fact]
    public async Task A_client_follows_the_challenge_and_comes_back_with_a_new_login()
    {
        var (house, here) = (await MedCorFixture.Get(), await Shared.Value);
        var leaver = new { user_id = (await TestUser.Create(here.Fresh)).Id };
        using var client = await OAuthClient.Register();
        var former = await Obtain(client, here.Admin);
        var session = Guid.Parse(new JsonWebToken(former.AccessToken()).GetClaim("sid").Value);
        await house.QueryNumber("identity",
            "UPDATE sessions SET authenticated_at = authenticated_at - interval '61 minutes' WHERE id = $1 RETURNING 1", session);
        var stale = (await client.Refresh(former.RefreshToken())).Body.AccessToken();
        Assert.Equal("AUTH_STEP_UP", (await client.Call(stale, "delete_user", leaver)).Code);

        // Whoever has logged in with the browser does so again.
        var tokens = await Obtain(client, here.Admin, ("max_age", "0"), ("scope", "openid medcor.delete"));

        var (access, id) = (tokens.AccessToken(), tokens.IdToken());
        Assert.Equal((ReadTime(id), "pwd", "pwd"),
            (ReadTime(access), new JsonWebToken(id).GetClaim("acr").Value, new JsonWebToken(access).GetClaim("acr").Value));
        Assert.True(ReadTime(access) > ReadTime(stale) + 3600);
        Assert.Equal(HttpStatusCode.OK, (await client.Call(access, "delete_user", leaver)).Status);
    }

    [Fact]
    public async Task A_client_may_require_two_factors()
    {
        var user = await TestUser.Create();
        using var client = await OAuthClient.Register();
        await Obtain(client, user, ("scope", "medcor.read"));

        foreach (var (values, page) in new[] { ("mfa", "/oauth/account/authenticator"), ("mfa pwd", null), ("unknown", null) })
        {
            using var answer = await client.OpenAuthorization(("acr_values", values));
            Assert.Equal(page, answer.Headers.Location?.ToString().Split('?')[0]);
        }
        var app = await TestAuthenticator.SetUp(user);
        var answered = await TestUser.Post("/api/auth/login", new { email = user.Email, password = user.Password, code = await app.GetUnusedCode() });
        var tokens = answered.Read<SessionTokens>();
        Assert.Equal("mfa", new JsonWebToken(tokens.AccessToken).GetClaim("acr").Value);
    }

    private static async Task<System.Text.Json.Nodes.JsonNode> Obtain(OAuthClient client, TestUser user, params (string Name, string? Value)[] changes)
    {
        var scope = changes.FirstOrDefault(c => c.Name == "scope").Value ?? "medcor.delete";
        var callback = await client.Authorize(user.Email, user.Password, [scope.Split(' ')[^1]], changes: [("scope", scope), .. changes]);
        var (status, tokens) = await client.Redeem(callback["code"]);
        Assert.True(status == HttpStatusCode.OK, tokens.ToJsonString());
        return tokens;
    }

    private static void AssertRefused(ApiResponse refused) => Assert.Equal((HttpStatusCode.Unauthorized, "AUTH_STEP_UP"), (refused.Status, refused.Code));

    private static long ReadTime(string token) => new JsonWebToken(token).GetPayloadValue<long>("auth_time");
}
