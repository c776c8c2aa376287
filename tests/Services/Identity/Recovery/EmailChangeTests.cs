using System.Net;
using MedCor.Contracts.Identity;
using MedCor.Identity;
using MedCor.Identity.Accounts;
using MedCor.Identity.Mails;
using MedCor.Identity.Recovery;
using MedCor.Tests.Services.Identity.Users;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace MedCor.Tests.Services.Identity.Recovery;

public sealed class EmailChangeTests : IAsyncLifetime
{
    private const string Password = "Neues-Kennwort-9";
    private MailboxClient _mails = null!;

    public async Task InitializeAsync() => _mails = await MailboxClient.Open();

    public Task DisposeAsync()
    {
        _mails.Dispose();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task A_new_address_is_that_of_the_account_once_it_is_confirmed()
    {
        var (client, email, fresh) = await RequestChange();
        using var browser = await Pages.Open();
        var path = $"/oauth/confirm-email?token={await _mails.WaitForToken(fresh, "Confirm your e-mail address")}";
        Assert.Contains($"Is {fresh} to become", (await browser.Get(path)).Html, StringComparison.Ordinal);
        Assert.Equal(email, (await client.Call<User>("get_current_user")).Email);
        Assert.Equal("AUTH_INVALID", (await TestUser.PostLogIn(fresh, Password)).Code);

        var confirmed = await browser.Submit(path);

        Assert.Equal(HttpStatusCode.OK, confirmed.Status);
        Assert.Equal(client.Id, (await ApiClient.LogIn(fresh, Password)).Id);
        Assert.Equal("AUTH_INVALID", (await TestUser.PostLogIn(email, Password)).Code);
        await _mails.WaitFor(email, "Your e-mail address was changed");
        Assert.Equal(HttpStatusCode.BadRequest, (await browser.Get(path)).Status);
    }

    [Fact]
    public async Task A_link_opens_only_what_it_is_for()
    {
        var (client, email, fresh) = await RequestChange();
        using var browser = await Pages.Open();
        await browser.Submit("/oauth/forgot", ("email", email));
        var (reset, confirm) = (await _mails.WaitForToken(email, "Set a new password"), await _mails.WaitForToken(fresh, "Confirm your e-mail address"));

        Assert.Equal(HttpStatusCode.BadRequest, (await browser.Get($"/oauth/set-password?token={confirm}")).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await browser.Get($"/oauth/confirm-email?token={reset}")).Status);
        Assert.NotNull((await TestUser.Post("/api/auth/password", new { token = confirm, password = "Noch-ein-Kennwort-9" })).Details!["token"]);
        Assert.Equal(email, (await client.Call<User>("get_current_user")).Email);
    }

    [Fact]
    public async Task An_address_that_somebody_else_has_by_now_is_not_confirmed()
    {
        var (client, email, fresh) = await RequestChange();
        var token = await _mails.WaitForToken(fresh, "Confirm your e-mail address");
        await (await ApiClient.LogInShared(TestUser.HospitalAdminEmail)).Call("create_user",
            new { email = fresh, password = Password, first_name = "Robin", last_name = "Testperson", role = "NURSE" });
        using var browser = await Pages.Open();

        var refused = await browser.Submit($"/oauth/confirm-email?token={token}");

        Assert.Equal(HttpStatusCode.BadRequest, refused.Status);
        Assert.Contains("Another account has this e-mail address", refused.Html, StringComparison.Ordinal);
        Assert.Equal(email, (await client.Call<User>("get_current_user")).Email);
    }

    /// <summary>Otherwise any patient could ask for one address after the other who uses MedCor.</summary>
    [Fact]
    public async Task A_taken_address_is_answered_as_a_free_one_and_whoever_has_it_is_told()
    {
        var ((client, email, _), owner, free) = (await RequestChange(), await TestUser.Create(by: TestUser.OtherHospitalAdminEmail), TestUser.NewEmail());

        var (taken, other) = (await Request(owner.Email), await Request(free));

        Assert.Equal(other.Body.ToJsonString(), taken.Body.ToJsonString());
        Assert.Equal((HttpStatusCode.OK, email), (taken.Status, taken.Read<UpdatedUser>().Email));
        await _mails.WaitForToken(free, "Confirm your e-mail address");
        var notice = await _mails.WaitFor(owner.Email, "Your e-mail address is in use");
        Assert.DoesNotContain("/oauth/", notice.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("Robin", notice.Text, StringComparison.Ordinal);
        // Nor is it told from a free one by their number.
        await Wait.Until(async () => (await Request(owner.Email)).Code == "RATE_LIMIT", "too many requests");

        Task<ApiResponse> Request(string address) =>
            client.TryCall("update_user", new { user_id = client.Id, email = address, current_password = Password });
    }

    [Fact]
    public async Task An_administrator_is_told_of_a_taken_address_within_the_hospital_alone()
    {
        var platform = await ApiClient.LogInShared(TestUser.PlatformAdminEmail);
        var hospital = await CreateUserTests.NewHospital(platform);
        var admin = await TestUser.LogInNewAdmin(hospital.Id);
        await admin.Call("update_sign_in_policy", new { accepts_chosen_passwords = false });
        var (one, two, elsewhere) = (await Invite(), await Invite(), await TestUser.Create());

        Assert.Equal("CONFLICT", (await admin.TryCall("update_user", new { user_id = one.Id, email = two.Email })).Code);
        Assert.Equal(one.Email, (await admin.Call<UpdatedUser>("update_user", new { user_id = one.Id, email = elsewhere.Email })).Email);
        await _mails.WaitFor(elsewhere.Email, "Your e-mail address is in use");

        Task<User> Invite() =>
            admin.Call<User>("create_user", new { email = TestUser.NewEmail(), first_name = "Robin", last_name = "Testperson", role = "NURSE" });
    }

    [Fact]
    public async Task A_hospital_that_accepts_chosen_passwords_changes_addresses_at_once_and_both_are_told()
    {
        var (somebody, fresh) = (await TestUser.Create(), TestUser.NewEmail());

        var changed = await (await ApiClient.LogInShared(TestUser.HospitalAdminEmail)).Call<UpdatedUser>("update_user",
            new { user_id = somebody.Id, email = fresh });

        Assert.Equal(fresh, changed.Email);
        await _mails.WaitFor(somebody.Email, "Your e-mail address was changed");
        await _mails.WaitFor(fresh, "Your e-mail address was changed");
    }

    [Fact]
    public async Task A_user_stops_a_change_of_the_address_by_an_administrator()
    {
        var (admin, client, email, fresh) = await RequestChangeByAdmin();
        using var browser = await Pages.Open();
        var confirm = $"/oauth/confirm-email?token={await _mails.WaitForToken(fresh, "Confirm your e-mail address")}";
        var review = $"/oauth/email-change?token={await _mails.WaitForToken(email, "Your e-mail address is to be changed")}";
        Assert.Contains(fresh, (await _mails.WaitFor(email, "Your e-mail address is to be changed")).Text, StringComparison.Ordinal);
        Assert.Contains("can object until", (await browser.Get(confirm)).Html, StringComparison.Ordinal);
        Assert.Contains($"wants to make {fresh} the e-mail address", (await browser.Get(review)).Html, StringComparison.Ordinal);

        Assert.Contains("The change was stopped.", (await browser.Submit(review, ("decision", "stop"))).Html, StringComparison.Ordinal);

        Assert.Equal(HttpStatusCode.BadRequest, (await browser.Get(review)).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await browser.Get(confirm)).Status);
        Assert.Equal(email, (await client.Call<User>("get_current_user")).Email);
        Assert.Equal(email, (await admin.Call<User>("get_user", new { user_id = client.Id })).Email);
        Assert.Equal(1, await CountEvents("stop_email_change", client.Id));
    }

    [Fact]
    public async Task A_change_by_an_administrator_that_the_user_allows_is_confirmed_at_once()
    {
        var (_, client, email, fresh) = await RequestChangeByAdmin();
        using var browser = await Pages.Open();
        var confirm = $"/oauth/confirm-email?token={await _mails.WaitForToken(fresh, "Confirm your e-mail address")}";
        var review = $"/oauth/email-change?token={await _mails.WaitForToken(email, "Your e-mail address is to be changed")}";

        Assert.Contains("You have allowed the change.", (await browser.Submit(review, ("decision", "allow"))).Html, StringComparison.Ordinal);
        Assert.Equal(email, (await client.Call<User>("get_current_user")).Email);
        Assert.Contains($"{fresh} is now the e-mail address", (await browser.Submit(confirm)).Html, StringComparison.Ordinal);

        Assert.Equal(client.Id, (await ApiClient.LogIn(fresh, Password)).Id);
        Assert.Equal(HttpStatusCode.BadRequest, (await browser.Get(review)).Status);
        Assert.Equal(1, await CountEvents("allow_email_change", client.Id));
    }

    [Fact]
    public async Task A_change_by_an_administrator_waits_a_day_for_the_user()
    {
        await using var identity = await IdentityFixture.Create();
        var (fresh, requestedAt) = (TestUser.NewEmail(), identity.Clock.Now);
        var token = await identity.Execute(async (IServiceProvider scope) =>
        {
            scope.GetRequiredService<IdentityDb>().Tenancy.Enter(hospital: null);
            await scope.GetRequiredService<MailQueue>().AddEmailChangeAsync(identity.Admin, fresh, CancellationToken.None);
            return await scope.GetRequiredService<AccountLinks>()
                .CreateAsync(identity.Admin.Id, LinkPurpose.EmailChangeByOthers, fresh, CancellationToken.None);
        });

        identity.Clock.Now = requestedAt + TimeSpan.FromHours(24) - TimeSpan.FromSeconds(1);
        var early = (await Find())!;
        Assert.Equal(requestedAt + TimeSpan.FromHours(24), early.WaitsUntil);
        Assert.False(await Confirm(early));
        identity.Clock.Now = requestedAt + TimeSpan.FromHours(24);
        var due = (await Find())!;

        Assert.Null(due.WaitsUntil);
        Assert.True(await Confirm(due));
        Assert.Null(await Find());
        Assert.Equal(fresh, await identity.Execute((IdentityDb db, EmailChange _) => db.Accounts.Select(a => a.Email).SingleAsync()));

        Task<EmailConfirmation?> Find() => identity.Execute((IdentityDb _, EmailChange change) => change.FindLinkAsync(token, CancellationToken.None));

        Task<bool> Confirm(EmailConfirmation found) =>
            identity.Execute((IdentityDb _, EmailChange change) => change.ConfirmAsync(found.Link, CancellationToken.None));
    }

    [Fact]
    public async Task A_later_request_of_an_administrator_replaces_the_former_one()
    {
        var (admin, client, email, fresh) = await RequestChangeByAdmin();
        using var browser = await Pages.Open();
        var review = $"/oauth/email-change?token={await _mails.WaitForToken(email, "Your e-mail address is to be changed")}";
        var confirm = $"/oauth/confirm-email?token={await _mails.WaitForToken(fresh, "Confirm your e-mail address")}";

        await admin.Call("update_user", new { user_id = client.Id, email = TestUser.NewEmail() });

        Assert.Equal(HttpStatusCode.BadRequest, (await browser.Get(review)).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await browser.Get(confirm)).Status);
    }

    /// <summary>Otherwise the hospital that has asked would have the login, and so the users of the other hospital.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_correction_of_an_unused_account_is_over_once_a_login_of_two_hospitals_opens_it(bool isOfFirstHospital)
    {
        var (platform, other) = (await ApiClient.LogInShared(TestUser.PlatformAdminEmail), await ApiClient.LogInShared(TestUser.OtherHospitalAdminEmail));
        var hospital = await CreateUserTests.NewHospital(platform);
        var admin = await TestUser.LogInNewAdmin(hospital.Id);
        await platform.Call("update_sign_in_policy", new { hospital_id = hospital.Id, accepts_chosen_passwords = false });
        var (email, fresh) = (TestUser.NewEmail(), TestUser.NewEmail());
        var first = await LinkedUser.Register(isOfFirstHospital ? admin : other, email);
        var second = await LinkedUser.Register(isOfFirstHospital ? other : admin, email);
        var asked = isOfFirstHospital ? first : second;
        await admin.Call("update_user", new { user_id = asked.Id, email = fresh });
        var confirm = $"/oauth/confirm-email?token={await _mails.WaitForToken(fresh, "Confirm your e-mail address")}";
        Assert.Equal(1, await (await MedCorFixture.Get()).QueryNumber("identity",
            "SELECT count(*) FROM account_links WHERE user_id = $1 AND purpose = 'EMAIL_CORRECTION'", asked.Id));
        using var browser = await Pages.Open();
        Assert.Equal(HttpStatusCode.OK, (await browser.Get(confirm)).Status);

        var added = await browser.Submit($"/oauth/link-hospital?token={await _mails.WaitForToken(email, "A hospital has registered you")}");

        Assert.Equal(HttpStatusCode.BadRequest, (await browser.Get(confirm)).Status);
        await browser.Submit(added.Location!, ("password", Password));
        Assert.Equal("AUTH_INVALID", (await TestUser.PostLogIn(fresh, Password)).Code);
        Assert.Single((await TestUser.PostLogIn(email, Password)).Read<SessionTokens>().User.Hospitals);
    }

    [Fact]
    public async Task A_correction_of_an_account_that_somebody_has_used_by_then_is_over()
    {
        await using var identity = await IdentityFixture.Create();
        var link = await CreateCorrection(identity, TestUser.NewEmail());
        await identity.Execute((IdentityDb db, AccountLinks _) =>
            db.Memberships.ExecuteUpdateAsync(m => m.SetProperty(x => x.LastLoginAt, identity.Clock.Now)));

        Assert.False(await identity.Execute((IdentityDb _, EmailChange change) => change.ConfirmAsync(link, CancellationToken.None)));

        Assert.Equal(identity.Admin.Email, await identity.Execute((IdentityDb db, AccountLinks _) => db.Logins.Select(l => l.Email).SingleAsync()));
    }

    [Fact]
    public async Task A_login_that_is_given_a_further_user_at_the_same_time_keeps_its_address()
    {
        await using var identity = await IdentityFixture.Create();
        var (former, fresh) = (identity.Admin.Email!, TestUser.NewEmail());
        var link = await CreateCorrection(identity, fresh);

        var confirming = await identity.Execute(async (IdentityDb db, AccountLinks _) =>
        {
            await using var transaction = await db.Database.BeginTransactionAsync();
            var loginId = await db.Logins.Select(l => l.Id).SingleAsync();
            await db.LockLoginAsync(loginId, CancellationToken.None);
            var other = new Account { Email = former, FirstName = "Ada", LastName = "Lovelace", Role = Role.Admin };
            db.AddRange(other, new Membership { UserId = other.Id, LoginId = loginId });
            await db.SaveChangesAsync();
            var confirmation = identity.Execute((IdentityDb _, EmailChange change) => change.ConfirmAsync(link, CancellationToken.None));
            await Wait.Until(async () => await db.Database.SqlQuery<long>(
                    $"SELECT count(*) AS \"Value\" FROM pg_locks l WHERE NOT l.granted AND pg_backend_pid() = ANY (pg_blocking_pids(l.pid))").SingleAsync() > 0,
                "the confirmation waits for the login");
            await transaction.CommitAsync();
            return await confirmation;
        });

        Assert.True(confirming);
        Assert.Equal(former, await identity.Execute((IdentityDb db, AccountLinks _) => db.Logins.Select(l => l.Email).SingleAsync()));
        Assert.Equal(fresh, await identity.Execute((IdentityDb db, AccountLinks _) =>
            db.Accounts.Where(a => a.Id == identity.Admin.Id).Select(a => a.Email).SingleAsync()));
    }

    private static async Task<long> CountEvents(string action, Guid user) => await (await MedCorFixture.Get()).QueryNumber(
        "identity", "SELECT count(*) FROM audit_events WHERE action = $1 AND user_id = $2", action, user);

    /// <summary>Creates the link of a correction of the administrator's address, which nobody has used.</summary>
    private static Task<AccountLink> CreateCorrection(IdentityFixture identity, string fresh) => identity.Execute(async (IdentityDb _, AccountLinks links) =>
    {
        var token = await links.CreateAsync(identity.Admin.Id, LinkPurpose.EmailCorrection, fresh, CancellationToken.None);
        return (await links.FindAsync(token, CancellationToken.None, LinkPurpose.EmailCorrection))!;
    });

    /// <summary>Asks for a new address of a user who has logged in, as the administrator of a hospital that does not accept what others choose.</summary>
    private async Task<(ApiClient Admin, ApiClient Client, string Email, string Fresh)> RequestChangeByAdmin()
    {
        var (admin, client, email) = await CreateClient();
        var fresh = TestUser.NewEmail();
        Assert.Equal(email, (await admin.Call<UpdatedUser>("update_user", new { user_id = client.Id, email = fresh })).Email);
        return (admin, client, email, fresh);
    }

    /// <summary>Asks for a new address as a user of a hospital that does not accept what others choose.</summary>
    private async Task<(ApiClient Client, string Email, string Fresh)> RequestChange()
    {
        var ((_, client, email), fresh) = (await CreateClient(), TestUser.NewEmail());
        var answer = await client.Call<UpdatedUser>("update_user",
            new { user_id = client.Id, email = fresh, phone_number = "+1-555-0103", current_password = Password });
        Assert.Equal((email, "+1-555-0103"), (answer.Email, answer.PhoneNumber));
        return (client, email, fresh);
    }

    private async Task<(ApiClient Admin, ApiClient Client, string Email)> CreateClient()
    {
        var (platform, email) = (await ApiClient.LogInShared(TestUser.PlatformAdminEmail), TestUser.NewEmail());
        var hospital = await CreateUserTests.NewHospital(platform);
        var admin = await TestUser.LogInNewAdmin(hospital.Id);
        await platform.Call("update_sign_in_policy", new { hospital_id = hospital.Id, accepts_chosen_passwords = false });
        await admin.Call("create_user", new { email, first_name = "Robin", last_name = "Testperson", role = "NURSE" });
        using (var browser = await Pages.Open())
            await browser.Submit($"/oauth/set-password?token={await _mails.WaitForToken(email, "Your MedCor account")}", ("password", Password));
        return (admin, await ApiClient.LogIn(email, Password), email);
    }
}
