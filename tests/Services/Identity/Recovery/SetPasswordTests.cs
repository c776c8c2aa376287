using System.Net;
using MedCor.Contracts.Identity;

namespace MedCor.Tests.Services.Identity.Recovery;

public sealed class SetPasswordTests : IAsyncLifetime
{
    private const string Fresh = "Neues-Kennwort-9";
    private MailboxClient _mails = null!;

    public async Task InitializeAsync() => _mails = await MailboxClient.Open();

    public Task DisposeAsync()
    {
        _mails.Dispose();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task Who_is_created_without_a_password_is_invited_and_chooses_one()
    {
        var email = TestUser.NewEmail();
        var admin = await ApiClient.LogInShared(TestUser.HospitalAdminEmail);
        var user = await admin.Call<User>("create_user", new { email, first_name = "Robin", last_name = "Testperson", role = "NURSE" });

        var mail = await _mails.WaitFor(email, "Your MedCor account");
        Assert.Contains("Hello Robin Testperson,", mail.Text, StringComparison.Ordinal);
        Assert.Contains("Guten Tag Robin Testperson,", mail.Text, StringComparison.Ordinal);
        Assert.Equal("AUTH_INVALID", (await TestUser.PostLogIn(email, Fresh)).Code);
        Assert.Equal(HttpStatusCode.NoContent, await Set(await _mails.WaitForToken(email, "Your MedCor account"), Fresh));

        Assert.Equal(user.Id, (await ApiClient.LogIn(email, Fresh)).Id);
        Assert.DoesNotContain(await _mails.Read(email), other => other.Subject.StartsWith("Your password", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_reset_sets_a_password_ends_all_sessions_and_informs_the_user()
    {
        var somebody = await TestUser.Create();
        var client = await somebody.LogIn();

        var token = await RequestReset(somebody.Email);
        Assert.Equal(HttpStatusCode.NoContent, await Set(token, Fresh));

        Assert.Equal("AUTH_INVALID", (await TestUser.PostLogIn(somebody.Email, somebody.Password)).Code);
        await ApiClient.LogIn(somebody.Email, Fresh);
        Assert.Equal("AUTH_INVALID", (await TestUser.PostRefresh(client.RefreshToken)).Code);
        await Wait.Until(async () => (await client.TryCall("get_current_user")).Code == "AUTH_INVALID", "the old token stops", TimeSpan.FromSeconds(5));
        await _mails.WaitFor(somebody.Email, "Your password was changed");
    }

    [Fact]
    public async Task A_spent_link_is_refused_and_so_are_the_other_links_of_the_account()
    {
        var somebody = await TestUser.Create();
        var first = await RequestReset(somebody.Email);
        var second = await RequestReset(somebody.Email, but: first);

        Assert.Equal(HttpStatusCode.NoContent, await Set(first, Fresh));

        foreach (var token in new[] { first, second, "AAAA" })
            Assert.Equal(HttpStatusCode.BadRequest, await Set(token, "Noch-ein-Kennwort-9"));
        await ApiClient.LogIn(somebody.Email, Fresh);
    }

    [Fact]
    public async Task Of_two_at_once_one_sets_the_password()
    {
        var somebody = await TestUser.Create();
        var token = await RequestReset(somebody.Email);
        string[] passwords = [.. Enumerable.Range(0, 6).Select(i => $"Gleichzeitig-{i}-2026")];

        var statuses = await Task.WhenAll(passwords.Select(password => Set(token, password)));

        var winner = Assert.Single(passwords.Zip(statuses), pair => pair.Second == HttpStatusCode.NoContent).First;
        Assert.Equal(5, statuses.Count(status => status == HttpStatusCode.BadRequest));
        await ApiClient.LogIn(somebody.Email, winner);
    }

    [Fact]
    public async Task Opening_the_page_does_not_spend_the_link()
    {
        var somebody = await TestUser.Create();
        var token = await RequestReset(somebody.Email);
        using var browser = await Pages.Open();

        for (var i = 0; i < 3; i++) Assert.Contains("New password", (await browser.Get($"/oauth/set-password?token={token}")).Html, StringComparison.Ordinal);
        var refused = await browser.Submit($"/oauth/set-password?token={token}", ("password", "password"));
        var set = await browser.Submit($"/oauth/set-password?token={token}", ("password", Fresh));
        var again = await browser.Get($"/oauth/set-password?token={token}");

        Assert.Equal((HttpStatusCode.BadRequest, HttpStatusCode.OK, HttpStatusCode.BadRequest), (refused.Status, set.Status, again.Status));
        Assert.Contains("Your password is set", set.Html, StringComparison.Ordinal);
        await ApiClient.LogIn(somebody.Email, Fresh);
    }

    [Fact]
    public async Task A_new_password_by_a_link_ends_the_lock_of_the_address()
    {
        var somebody = await TestUser.Create();
        for (var i = 0; i < 5; i++) await TestUser.PostLogIn(somebody.Email, "wrong");
        Assert.Equal("RATE_LIMIT", (await TestUser.PostLogIn(somebody.Email, somebody.Password)).Code);

        Assert.Equal(HttpStatusCode.NoContent, await Set(await RequestReset(somebody.Email), Fresh));

        await ApiClient.LogIn(somebody.Email, Fresh);
    }

    [Fact]
    public async Task Every_bad_field_is_named()
    {
        var without = await TestUser.Post("/api/auth/password", new { password = "x" });
        var both = await TestUser.Post("/api/auth/password", new { token = "x", email = "a@b.example", password = "password", new_password = "short" });

        Assert.Equal(["email", "new_password"], Fields(without));
        Assert.Equal(["email", "new_password", "password"], Fields(both));

        static IEnumerable<string> Fields(ApiResponse answer) => answer.Details!.AsObject().Select(d => d.Key).Where(key => key != "request_id").Order();
    }

    [Fact]
    public async Task The_name_of_the_user_is_no_password()
    {
        var somebody = await TestUser.Create();
        var token = await RequestReset(somebody.Email);

        var refused = await TestUser.Post("/api/auth/password", new { token, password = "x-Testperson-x" });

        Assert.NotNull(refused.Details!["password"]);
        Assert.Equal(HttpStatusCode.NoContent, await Set(token, Fresh));
    }

    [Fact]
    public async Task A_link_that_was_sent_to_a_former_address_sets_no_password_and_proves_no_address()
    {
        var (former, house) = (TestUser.NewEmail(), await MedCorFixture.Get());
        var admin = await ApiClient.LogInShared(TestUser.HospitalAdminEmail);
        var user = await admin.Call<User>("create_user", new { email = former, first_name = "Robin", last_name = "Testperson", role = "NURSE" });
        var invitation = await _mails.WaitForToken(former, "Your MedCor account");

        await admin.Call("update_user", new { user_id = user.Id, email = TestUser.NewEmail() });

        Assert.Equal(HttpStatusCode.BadRequest, await Set(invitation, Fresh));
        // Nor does one that was being sent when the address was changed.
        await house.QueryNumber("identity", "UPDATE account_links SET spent_at = NULL WHERE user_id = $1 RETURNING 1", user.Id);
        Assert.Equal(HttpStatusCode.BadRequest, await Set(invitation, Fresh));
        Assert.Equal(0, await house.QueryNumber("identity",
            "SELECT count(l.password_hash) + count(l.email_verified_at) FROM logins l JOIN memberships m ON m.login_id = l.id WHERE m.user_id = $1", user.Id));
    }

    /// <summary>Whoever has made the account with the address of somebody else may have set them up.</summary>
    [Fact]
    public async Task The_first_proof_of_the_address_removes_the_second_factors_and_later_ones_do_not()
    {
        var somebody = await TestUser.Create();
        await TestAuthenticator.SetUp(somebody);
        var first = await RequestReset(somebody.Email);

        Assert.Equal(HttpStatusCode.NoContent, await Set(first, Fresh));

        Assert.Equal(HttpStatusCode.OK, (await TestUser.PostLogIn(somebody.Email, Fresh)).Status);
        await TestAuthenticator.SetUp(somebody with { Password = Fresh });
        Assert.Equal(HttpStatusCode.NoContent, await Set(await RequestReset(somebody.Email, but: first), "Noch-ein-Kennwort-9"));
        Assert.Equal("AUTH_SECOND_FACTOR", (await TestUser.PostLogIn(somebody.Email, "Noch-ein-Kennwort-9")).Code);
        Assert.Equal(1, await (await MedCorFixture.Get()).QueryNumber("identity",
            "SELECT count(*) FROM audit_events WHERE action = 'remove_second_factors' AND resource_id = $1", somebody.Id));
    }

    private async Task<string> RequestReset(string email, string? but = null)
    {
        using var http = await TestUser.CreateAnonymousClient();
        using var response = await http.PostAsync("/api/auth/reset", System.Net.Http.Json.JsonContent.Create(new { email }));
        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        var token = "";
        await Wait.Until(async () => (token = await _mails.WaitForToken(email, "Set a new password")) != but, "a new link");
        return token;
    }

    private static async Task<HttpStatusCode> Set(string token, string password)
    {
        using var http = await TestUser.CreateAnonymousClient();
        using var response = await http.PostAsync("/api/auth/password", System.Net.Http.Json.JsonContent.Create(new { token, password }));
        return response.StatusCode;
    }
}
