using System.Net;
using MedCor.Contracts.Identity;
using MedCor.Identity.Sessions;
using Microsoft.IdentityModel.JsonWebTokens;

namespace MedCor.Tests.Services.Identity.SecondFactors;

public class AuthenticatorLogInTests
{
    [Fact]
    public async Task A_user_with_an_authenticator_logs_in_with_a_code_alone()
    {
        var (user, app) = await CreateUser();

        var without = await TestUser.PostLogIn(user.Email, user.Password);
        var with = await PostLogIn(user, app.GetCode(1));

        Assert.Equal((HttpStatusCode.Unauthorized, "AUTH_SECOND_FACTOR"), (without.Status, without.Code));
        Assert.Equal(["totp", "recovery_code"], without.Details.Strings("factors"));
        Assert.Equal(HttpStatusCode.OK, with.Status);
        Assert.Equal(["pwd", "otp", "mfa"], GetMethods(with));
        Assert.Equal(["pwd", "otp", "mfa"], GetMethods(await TestUser.PostRefresh(with.Read<SessionTokens>().RefreshToken)));
    }

    [Fact]
    public async Task A_user_without_one_logs_in_as_before()
    {
        var user = await TestUser.Create();

        Assert.Equal(["pwd"], GetMethods(await TestUser.PostLogIn(user.Email, user.Password)));
        Assert.Equal(["pwd"], GetMethods(await PostLogIn(user, "000000")));
    }

    [Fact]
    public async Task A_code_is_good_once_and_so_are_those_before_it()
    {
        var (user, app) = await CreateUser();
        var code = app.GetCode(1);

        Assert.Equal(HttpStatusCode.OK, (await PostLogIn(user, code)).Status);

        Assert.Equal("AUTH_INVALID", (await PostLogIn(user, code)).Code);
        Assert.Equal("AUTH_INVALID", (await PostLogIn(user, app.GetCode(0))).Code);
    }

    [Fact]
    public async Task The_code_that_set_the_app_up_does_not_log_in()
    {
        var (user, app) = await CreateUser();

        Assert.Equal("AUTH_INVALID", (await PostLogIn(user, app.GetCode(-1))).Code);
    }

    [Fact]
    public async Task Of_several_logins_with_one_code_at_once_one_succeeds()
    {
        var (user, app) = await CreateUser();
        var code = await app.GetUnusedCode();

        var answers = await Task.WhenAll(Enumerable.Range(0, LockOut.FreeAttempts).Select(_ => PostLogIn(user, code)));

        Assert.Single(answers, a => a.Status == HttpStatusCode.OK);
        Assert.All(answers.Where(a => a.Status != HttpStatusCode.OK), a => Assert.Equal("AUTH_INVALID", a.Code));
    }

    [Fact]
    public async Task A_recovery_code_logs_in_once_in_any_writing()
    {
        var (user, app) = await CreateUser();

        var first = await PostLogIn(user, app.RecoveryCodes[0].ToLowerInvariant().Replace('-', ' '));

        Assert.Equal(["pwd", "mfa"], GetMethods(first));
        Assert.Equal("AUTH_INVALID", (await PostLogIn(user, app.RecoveryCodes[0])).Code);
        Assert.Equal(HttpStatusCode.OK, (await PostLogIn(user, app.RecoveryCodes[1])).Status);
    }

    [Fact]
    public async Task A_wrong_code_and_a_wrong_password_are_indistinguishable()
    {
        var (user, app) = await CreateUser();

        ApiResponse[] answers =
        [
            await PostLogIn(user, app.GetWrongCode()), await PostLogIn(user with { Password = "wrong" }, app.GetCode(1)),
            await PostLogIn(user with { Email = TestUser.NewEmail() }, app.GetCode(1)), await PostLogIn(user, "ABCD-EFGH-2345-6723"),
        ];

        Assert.All(answers, a => Assert.Equal((HttpStatusCode.Unauthorized, "AUTH_INVALID"), (a.Status, a.Code)));
        Assert.Single(answers.Select(a => a.Error.Message).Distinct());
        Assert.All(answers, a => Assert.Equal(["request_id"], a.Details!.AsObject().Select(d => d.Key)));
    }

    [Fact]
    public async Task Wrong_codes_lock_the_account_whatever_right_passwords_come_between()
    {
        var (user, app) = await CreateUser();
        for (var i = 0; i < LockOut.FreeAttempts; i++)
        {
            Assert.Equal("AUTH_SECOND_FACTOR", (await TestUser.PostLogIn(user.Email, user.Password)).Code);
            Assert.Equal("AUTH_INVALID", (await PostLogIn(user, app.GetWrongCode())).Code);
        }

        Assert.Equal("RATE_LIMIT", (await PostLogIn(user, app.GetCode(1))).Code);
        Assert.Equal("RATE_LIMIT", (await TestUser.PostLogIn(user.Email, user.Password)).Code);
    }

    [Fact]
    public async Task A_right_code_forgives_the_wrong_ones()
    {
        var (user, app) = await CreateUser();
        for (var round = 0; round < 2; round++)
        {
            for (var i = 0; i < LockOut.FreeAttempts - 1; i++) Assert.Equal("AUTH_INVALID", (await PostLogIn(user, app.GetWrongCode())).Code);
            Assert.Equal(HttpStatusCode.OK, (await PostLogIn(user, app.RecoveryCodes[round])).Status);
        }
    }

    [Fact]
    public async Task Guesses_of_a_code_at_the_same_moment_do_not_slip_past_the_count()
    {
        var (user, app) = await CreateUser();

        var answers = await Task.WhenAll(Enumerable.Range(0, 15).Select(_ => PostLogIn(user, app.GetWrongCode())));

        Assert.Equal(LockOut.FreeAttempts, answers.Count(a => a.Code == "AUTH_INVALID"));
        Assert.Equal(answers.Length - LockOut.FreeAttempts, answers.Count(a => a.Code == "RATE_LIMIT"));
    }

    private static async Task<(TestUser User, TestAuthenticator App)> CreateUser()
    {
        var user = await TestUser.Create();
        return (user, await TestAuthenticator.SetUp(user));
    }

    private static Task<ApiResponse> PostLogIn(TestUser user, string code) =>
        TestUser.Post("/api/auth/login/", new { email = user.Email, password = user.Password, code });

    private static string[] GetMethods(ApiResponse answer) =>
        [.. new JsonWebToken(answer.Read<SessionTokens>().AccessToken).Claims.Where(c => c.Type == "amr").Select(c => c.Value)];
}
