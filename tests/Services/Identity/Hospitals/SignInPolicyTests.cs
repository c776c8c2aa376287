using System.Net;
using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.Identity.Sessions;
using MedCor.Tests.Services.Identity.Users;
using Microsoft.IdentityModel.JsonWebTokens;
using PolicyRow = MedCor.Identity.Hospitals.SignInPolicy;

namespace MedCor.Tests.Services.Identity.Hospitals;

public class SignInPolicyTests
{
    private static readonly string[] Roles = ["DOCTOR", "ADMIN"];

    [Fact]
    public async Task A_hospital_has_the_defaults_until_its_administrator_sets_others()
    {
        var platform = await ApiClient.LogInShared(TestUser.PlatformAdminEmail);
        var hospital = await CreateUserTests.NewHospital(platform);

        var before = await platform.Call<SignInPolicy>("get_sign_in_policy", new { hospital_id = hospital.Id });
        var unchanged = await platform.Call<SignInPolicy>("update_sign_in_policy", new { hospital_id = hospital.Id });
        var after = await platform.Call<SignInPolicy>("update_sign_in_policy",
            new { hospital_id = hospital.Id, second_factor_roles = Roles, idle_minutes = 15, max_session_hours = 12, step_up_minutes = 10 });

        Assert.Equivalent(
            new SignInPolicy(hospital.Id, true, [], SignInPolicy.MaxIdleMinutes, SignInPolicy.LongestSessionHours, null, 0), before, strict: true);
        Assert.Equivalent(before, unchanged, strict: true);
        Assert.Equivalent(new SignInPolicy(hospital.Id, true, [Role.Admin, Role.Doctor], 15, 12, 10, 1), after, strict: true);
        Assert.Equivalent(after, await platform.Call<SignInPolicy>("get_sign_in_policy", new { hospital_id = hospital.Id }), strict: true);
        var late = await platform.TryCall("update_sign_in_policy", new { hospital_id = hospital.Id, idle_minutes = 20, expected_version = 0 });
        Assert.Equal("CONFLICT", late.Code);
    }

    [Fact]
    public async Task Administrators_see_the_policy_of_their_hospital_and_of_no_other()
    {
        var (admin, other) = (await ApiClient.LogInShared(TestUser.HospitalAdminEmail), await ApiClient.LogInShared(TestUser.OtherHospitalAdminEmail));

        Assert.Equal(admin.HospitalId, (await admin.Call<SignInPolicy>("get_sign_in_policy")).HospitalId);
        foreach (var tool in new[] { "get_sign_in_policy", "update_sign_in_policy" })
        {
            Assert.Equal("RESOURCE_NOT_FOUND", (await other.TryCall(tool, new { hospital_id = admin.HospitalId })).Code);
            Assert.Equal("PERMISSION_DENIED", (await (await ApiClient.LogInShared("doctor@general.example")).TryCall(tool)).Code);
            Assert.NotNull((await (await ApiClient.LogInShared(TestUser.PlatformAdminEmail)).TryCall(tool)).Details!["hospital_id"]);
        }
    }

    [Fact]
    public async Task The_tokens_of_a_login_live_no_longer_than_the_policy_allows()
    {
        var platform = await ApiClient.LogInShared(TestUser.PlatformAdminEmail);
        var hospital = await CreateUserTests.NewHospital(platform);
        await platform.Call("update_sign_in_policy", new { hospital_id = hospital.Id, idle_minutes = 5 });
        var nurse = await TestUser.Create(await TestUser.LogInNewAdmin(hospital.Id), "NURSE");

        var tokens = (await TestUser.PostLogIn(nurse.Email, nurse.Password)).Read<SessionTokens>();

        var access = new JsonWebToken(tokens.AccessToken);
        Assert.Equal((300, TimeSpan.FromMinutes(5)), (tokens.ExpiresIn, access.ValidTo - access.IssuedAt));
    }

    [Fact]
    public async Task Sessions_end_by_the_policy_at_the_time_of_the_refresh()
    {
        await using var identity = await IdentityFixture.Create();
        var (session, token) = await identity.StartSession();
        identity.Clock.Now += TimeSpan.FromHours(13);

        // The administrator of the fixture belongs to no hospital, so the rules are asked directly.
        var policy = new PolicyRow { HospitalId = Guid.Empty, AcceptsChosenPasswords = true, IdleMinutes = 10, MaxSessionHours = 14 };
        Assert.Equal(identity.Clock.Now + TimeSpan.FromMinutes(10), session.GetIdleEnd(policy, identity.Clock.Now));
        identity.Clock.Now += TimeSpan.FromMinutes(55);
        Assert.Equal(session.StartedAt + TimeSpan.FromHours(14), session.GetIdleEnd(policy, identity.Clock.Now));
        Assert.NotNull((await identity.Execute<RefreshSessionHandler, SessionTokens>(h => h.HandleAsync(new(token), CancellationToken.None))).AccessToken);
    }

    [Fact]
    public async Task A_longest_session_that_is_shortened_ends_older_sessions_at_their_next_refresh()
    {
        var (house, platform) = (await MedCorFixture.Get(), await ApiClient.LogInShared(TestUser.PlatformAdminEmail));
        var hospital = await CreateUserTests.NewHospital(platform);
        var nurse = await TestUser.Create(await TestUser.LogInNewAdmin(hospital.Id), "NURSE");
        var client = await nurse.LogIn();
        await house.QueryNumber("identity", "UPDATE sessions SET started_at = started_at - interval '2 hours' WHERE user_id = $1 RETURNING 1", client.Id);

        var refreshed = (await TestUser.PostRefresh(client.RefreshToken)).Read<SessionTokens>();
        await platform.Call("update_sign_in_policy", new { hospital_id = hospital.Id, max_session_hours = 1 });

        Assert.Equal("AUTH_INVALID", (await TestUser.PostRefresh(refreshed.RefreshToken)).Code);
        Assert.Equal(HttpStatusCode.OK, (await TestUser.PostLogIn(nurse.Email, nurse.Password)).Status);
    }

    [Fact]
    public async Task An_idle_time_that_is_shortened_ends_sessions_that_were_idle_for_longer_at_their_next_refresh()
    {
        var (house, platform) = (await MedCorFixture.Get(), await ApiClient.LogInShared(TestUser.PlatformAdminEmail));
        var hospital = await CreateUserTests.NewHospital(platform);
        var nurse = await TestUser.Create(await TestUser.LogInNewAdmin(hospital.Id), "NURSE");
        var client = await nurse.LogIn();
        using var app = await OAuthClient.Register();
        var callback = await app.Authorize(nurse.Email, nurse.Password, ["medcor.read"]);
        var (_, tokens) = await app.Redeem(callback["code"]);
        await house.QueryNumber("identity", """
            WITH aged AS (UPDATE sessions SET started_at = started_at - interval '1 hour', last_used_at = last_used_at - interval '1 hour'
                WHERE user_id = $1 RETURNING 1)
            SELECT count(*) FROM aged
            """, client.Id);
        await platform.Call("update_sign_in_policy", new { hospital_id = hospital.Id, idle_minutes = 30 });

        Assert.Equal("AUTH_INVALID", (await TestUser.PostRefresh(client.RefreshToken)).Code);
        Assert.Equal("invalid_grant", (await app.Refresh(tokens.RefreshToken())).Body.OAuthError());
        await Wait.Until(async () => (await client.TryCall("get_current_user")).Code == "AUTH_INVALID", "the access token stops", TimeSpan.FromSeconds(10));
        Assert.Equal(HttpStatusCode.OK, (await TestUser.PostLogIn(nurse.Email, nurse.Password)).Status);
    }
}
