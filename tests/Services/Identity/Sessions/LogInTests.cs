using System.Net;
using System.Net.Http.Json;
using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.Platform.Secrets;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;

namespace MedCor.Tests.Services.Identity.Sessions;

public class LogInTests
{
    private const string IsOfUser = "id = (SELECT login_id FROM memberships WHERE user_id = $1)";

    [Fact]
    public async Task Everybody_of_the_demo_data_logs_in_with_and_without_the_slash()
    {
        foreach (var who in new[]
        {
            "admin@medcor.example", "admin@general.example", "doctor@general.example", "nurse@riverside.example", "patient@riverside.example"
        })
        {
            var answer = await TestUser.Post("/api/auth/login", new { email = who, password = "Demo-Medcor-2026" });
            Assert.Equal(HttpStatusCode.OK, answer.Status);
            Assert.Equal(who, answer.Read<SessionTokens>().User.Email);
        }
    }

    [Fact]
    public async Task A_weak_hash_from_earlier_is_replaced_at_the_next_login_and_no_strong_one()
    {
        var (house, somebody) = (await MedCorFixture.Get(), await TestUser.Create());
        var weak = new PasswordHasher<object>(Options.Create(new PasswordHasherOptions { IterationCount = 10_000 })).HashPassword(new(), somebody.Password);
        await house.QueryNumber("identity", $"UPDATE logins SET password_hash = $2 WHERE {IsOfUser} RETURNING 1", somebody.Id, weak);

        Assert.Equal("AUTH_INVALID", (await TestUser.PostLogIn(somebody.Email, "wrong")).Code);
        Assert.Equal(1, await Count("password_hash = $2", weak));
        await somebody.LogIn();
        // The first twelve characters are the format, the function and the number of iterations.
        Assert.Equal(1, await Count("left(password_hash, 12) = $2", SecretHasher.CreateDummyHash()[..12]));

        var before = await house.QueryNumber("identity", $"SELECT hashtext(password_hash)::bigint FROM logins WHERE {IsOfUser}", somebody.Id);
        await somebody.LogIn();
        Assert.Equal(before, await house.QueryNumber("identity", $"SELECT hashtext(password_hash)::bigint FROM logins WHERE {IsOfUser}", somebody.Id));

        Task<long> Count(string condition, string value) =>
            house.QueryNumber("identity", $"SELECT count(*) FROM logins WHERE {IsOfUser} AND {condition}", somebody.Id, value);
    }

    [Fact]
    public async Task A_login_can_ask_for_scopes_and_every_token_of_its_session_has_them()
    {
        var somebody = await TestUser.Create();
        using var identity = new HttpClient { BaseAddress = (await MedCorFixture.Get()).GetAddress("identity") };

        var first = (await LogInWith(" people.write  appointments.read")).Read<SessionTokens>();
        var refreshed = (await TestUser.PostRefresh(first.RefreshToken)).Read<SessionTokens>();
        using var renewed = await identity.SendAsync(
            new(HttpMethod.Post, "/sessions/token") { Headers = { Authorization = new("Bearer", refreshed.AccessToken) } });
        var whole = await TestUser.PostLogIn(somebody.Email, somebody.Password);

        const string Scope = "people.write appointments.read";
        Assert.Equal((Scope, Scope), (first.Scope, refreshed.Scope));
        Assert.Equal([Scope, Scope, Scope],
            new[] { first.AccessToken, refreshed.AccessToken, (await renewed.Content.ReadFromJsonAsync<AccessToken>(Json.Options))!.Token }.Select(ClaimOf));
        Assert.False(whole.Body.AsObject().ContainsKey("scope"));
        Assert.Null(ClaimOf(whole.Read<SessionTokens>().AccessToken));

        static string? ClaimOf(string token) => new JsonWebToken(token).TryGetPayloadValue<string>("scope", out var scope) ? scope : null;

        Task<ApiResponse> LogInWith(string scope) =>
            TestUser.Post("/api/auth/login/", new { email = somebody.Email, password = somebody.Password, scope });
    }

    [Theory]
    [InlineData("appointments.reed people.read", "does not know appointments.reed; there are ")]
    [InlineData("people.read people.read", "names a scope more than once")]
    [InlineData("clinical.delete", "does not know clinical.delete; there are ")]
    [InlineData("", "must have 1 to 1000 characters")]
    public async Task A_scope_that_does_not_exist_or_is_repeated_is_refused_together_with_all_other_errors(string scope, string error)
    {
        var answer = await TestUser.Post("/api/auth/login/", new { email = "nobody", scope });

        Assert.Equal((HttpStatusCode.BadRequest, "VALIDATION_ERROR"), (answer.Status, answer.Code));
        Assert.Equal(["email", "password", "request_id", "scope"], answer.Details!.AsObject().Select(d => d.Key).Order());
        Assert.StartsWith(error, answer.Details.Strings("scope")[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_address_may_be_written_in_any_case()
    {
        var somebody = await TestUser.Create();

        Assert.Equal(HttpStatusCode.OK, (await TestUser.PostLogIn(somebody.Email.ToUpperInvariant(), somebody.Password)).Status);
    }

    [Fact]
    public async Task Wrong_password_unknown_address_and_deactivated_user_are_indistinguishable()
    {
        var (somebody, gone) = (await TestUser.Create(), await TestUser.Create());
        await (await ApiClient.LogInShared(TestUser.HospitalAdminEmail)).Call("delete_user", new { user_id = gone.Id });

        var answers = new[]
        {
            await TestUser.PostLogIn(somebody.Email, "wrong"),
            await TestUser.PostLogIn(TestUser.NewEmail(), "wrong"),
            await TestUser.PostLogIn(gone.Email, gone.Password),
        };

        Assert.All(answers, a => Assert.Equal(HttpStatusCode.Unauthorized, a.Status));
        Assert.All(answers, a => Assert.Equal("AUTH_INVALID", a.Code));
        Assert.Single(answers.Select(a => a.Error.Message).Distinct());
        Assert.All(answers, a => Assert.Equal(["request_id"], a.Details!.AsObject().Select(d => d.Key)));
    }

    [Theory]
    [InlineData("a@ü_x.example")]
    [InlineData("a@bücher..example")]
    [InlineData("a@-ü.example")]
    [InlineData("a@üüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüü.example")]
    public async Task An_impossible_address_is_treated_as_unknown(string email)
    {
        var answer = await TestUser.PostLogIn(email, "no such password");

        Assert.True(answer.Status is HttpStatusCode.Unauthorized or HttpStatusCode.BadRequest, $"{email}: {answer.Status}");
    }

    [Fact]
    public async Task Every_bad_field_is_named()
    {
        var answer = await TestUser.Post("/api/auth/login/", new { email = "not an address", password = "" });

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Equal("VALIDATION_ERROR", answer.Code);
        Assert.NotNull(answer.Details!["email"]);
        Assert.NotNull(answer.Details["password"]);
    }

    [Fact]
    public async Task Tokens_are_not_to_be_cached_and_no_hash_is_answered()
    {
        using var http = await TestUser.CreateAnonymousClient();
        using var response = await http.PostAsync("/api/auth/login/", new StringContent(
            """{"email":"nurse@general.example","password":"Demo-Medcor-2026"}""", System.Text.Encoding.UTF8, "application/json"));

        Assert.True(response.Headers.CacheControl!.NoStore);
        Assert.DoesNotContain("hash", await response.Content.ReadAsStringAsync(), StringComparison.OrdinalIgnoreCase);
    }
}
