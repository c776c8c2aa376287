using System.Net;
using System.Net.Http.Json;
using MedCor.Contracts;
using MedCor.Contracts.Identity;

namespace MedCor.Tests.Services.Identity.Recovery;

/// <summary>Tests that a hospital which registers somebody who logs in at another one learns nothing of that, and how the owner of the login adds it.</summary>
public sealed class HospitalLinkTests : IAsyncLifetime
{
    private const string Registered = "A hospital has registered you";
    private MailboxClient _mails = null!;

    public async Task InitializeAsync() => _mails = await MailboxClient.Open();

    public Task DisposeAsync()
    {
        _mails.Dispose();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task Who_logs_in_at_another_hospital_is_answered_as_who_logs_in_nowhere()
    {
        var (owner, admin) = (await TestUser.Create(), await ApiClient.LogInShared(TestUser.OtherHospitalAdminEmail));
        var answers = new List<string>();
        foreach (var email in (string[])[owner.Email, TestUser.NewEmail()])
        {
            var user = await LinkedUser.Register(admin, email);
            Assert.Equal(email, user.Email);
            var again = await admin.TryCall("create_user", new { email, first_name = "Robin", last_name = "Testperson", role = "PATIENT" });
            Assert.Equal(("CONFLICT", "email"), (again.Code, (string?)again.Details!["field"]));
            var changed = await admin.Call<UpdatedUser>("update_user", new { user_id = user.Id, email = TestUser.NewEmail(), has_login = true });
            var reset = await admin.Call<SecondFactorReset>("reset_second_factor", new { user_id = user.Id });
            var sessions = await admin.Call<Page<UserSession>>("list_sessions", new { user_id = user.Id });
            answers.Add($"{user.Version} {changed.Version} {changed.Email == user.Email} {reset.HadSecondFactor} {sessions.Total}");
        }

        Assert.Equal(answers[0], answers[1]);
        Assert.Equal(owner.Id, (await owner.LogIn()).Id);
    }

    /// <summary>Compares what the database does, which decides the time. The mails are sent later.</summary>
    [Fact]
    public async Task A_hospital_cannot_measure_who_logs_in_at_another_one()
    {
        var (owner, admin) = (await TestUser.Create(), await ApiClient.LogInShared(TestUser.OtherHospitalAdminEmail));

        var (taken, free) = (await CountStatements(owner.Email), await CountStatements(TestUser.NewEmail()));

        Assert.True(free > 0);
        Assert.Equal(free, taken);

        async Task<int> CountStatements(string email)
        {
            var house = await MedCorFixture.Get();
            using var response = await admin.Http.PostAsJsonAsync("/api/mcp/tools/create_user",
                new { email, first_name = "Robin", last_name = "Testperson", role = "PATIENT" });
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            var trace = response.Headers.GetValues("traceparent").Single().Split('-')[1];
            Span[] Spans() => [.. house.Telemetry.Spans.Where(s => s.TraceId == trace && s.Service == "identity")];
            // The span of the request ends after those of its statements.
            await Wait.Until(() => Task.FromResult(Spans().Any(s => s.Kind == 2)), "Identity has exported the span of the request");
            return Spans().Count(s => s.Name == "postgresql");
        }
    }

    [Fact]
    public async Task The_owner_of_the_login_adds_the_hospital_once()
    {
        var (owner, admin) = (await TestUser.Create("NURSE"), await ApiClient.LogInShared(TestUser.OtherHospitalAdminEmail));
        using var browser = await Pages.Open();
        await Reset(owner.Email);
        var user = await LinkedUser.Register(admin, owner.Email, "DOCTOR");
        var mail = await _mails.WaitFor(owner.Email, Registered);
        Assert.Contains("Riverside has registered a user with this address", mail.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("Robin", mail.Text, StringComparison.Ordinal);
        var link = $"/oauth/link-hospital?token={await _mails.WaitForToken(owner.Email, Registered)}";
        Assert.Equal("AUTH_INVALID", (await LogIn()).Code);

        Assert.Contains("Riverside has registered you", (await browser.Get(link)).Html, StringComparison.Ordinal);
        Assert.Contains("Riverside was added to your login", (await browser.Submit(link)).Html, StringComparison.Ordinal);

        var opened = (await LogIn()).Read<SessionTokens>().User;
        Assert.Equal((user.Id, Role.Doctor, owner.Email), (opened.Id, opened.Role, opened.Email));
        Assert.Equal(["General"], opened.Hospitals.Select(h => h.Name));
        Assert.Equal(HttpStatusCode.BadRequest, (await browser.Get(link)).Status);
        await _mails.WaitFor(owner.Email, "A hospital was added to your login");

        Task<ApiResponse> LogIn() =>
            TestUser.Post("/api/auth/login", new { email = owner.Email, password = LinkedUser.Password, hospital_id = admin.HospitalId });
    }

    /// <summary>Otherwise whoever has made a login with the address of somebody else would open the users of other hospitals.</summary>
    [Fact]
    public async Task What_somebody_else_could_log_in_with_is_removed_from_a_login_whose_address_nobody_has_proved()
    {
        var (owner, admin) = (await TestUser.Create("NURSE"), await ApiClient.LogInShared(TestUser.OtherHospitalAdminEmail));
        await TestAuthenticator.SetUp(owner);
        await LinkedUser.Register(admin, owner.Email);
        using var browser = await Pages.Open();

        var added = await browser.Submit($"/oauth/link-hospital?token={await _mails.WaitForToken(owner.Email, Registered)}");

        Assert.StartsWith("/oauth/set-password?token=", added.Location, StringComparison.Ordinal);
        Assert.Equal("AUTH_INVALID", (await TestUser.PostLogIn(owner.Email, owner.Password)).Code);
        await browser.Submit(added.Location!, ("password", "Noch-ein-Kennwort-9"));
        var opened = (await TestUser.PostLogIn(owner.Email, "Noch-ein-Kennwort-9")).Read<SessionTokens>();
        Assert.Single(opened.User.Hospitals);
    }

    [Fact]
    public async Task An_address_that_the_hospital_has_corrected_adds_nothing()
    {
        var (one, other, admin) = (await TestUser.Create(), await TestUser.Create(), await ApiClient.LogInShared(TestUser.OtherHospitalAdminEmail));
        var user = await LinkedUser.Register(admin, one.Email);
        var link = $"/oauth/link-hospital?token={await _mails.WaitForToken(one.Email, Registered)}";

        await admin.Call("update_user", new { user_id = user.Id, email = other.Email });

        using var browser = await Pages.Open();
        Assert.Equal(HttpStatusCode.BadRequest, (await browser.Get(link)).Status);
        await _mails.WaitForToken(other.Email, Registered);
    }

    [Fact]
    public async Task The_login_of_a_platform_administrator_opens_no_hospital()
    {
        var email = TestUser.NewEmail();
        await (await ApiClient.LogInShared(TestUser.PlatformAdminEmail)).Call("create_user",
            new { email, password = LinkedUser.Password, first_name = "Ada", last_name = "Admin", role = "ADMIN" });

        await LinkedUser.Register(await ApiClient.LogInShared(TestUser.OtherHospitalAdminEmail), email);

        await _mails.WaitFor(email, "Your e-mail address is in use");
        Assert.DoesNotContain(await _mails.Read(email), mail => mail.Subject.StartsWith(Registered, StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_administrator_of_one_hospital_changes_neither_the_login_nor_its_second_factors()
    {
        var user = await LinkedUser.Create();
        var (admin, fresh) = (await ApiClient.LogInShared(TestUser.HospitalAdminEmail), TestUser.NewEmail());

        Assert.Equal(fresh, (await admin.Call<UpdatedUser>("update_user", new { user_id = user.First.Id, email = fresh })).Email);
        Assert.Equal("PERMISSION_DENIED", (await admin.TryCall("reset_second_factor", new { user_id = user.First.Id })).Code);

        Assert.Equal(fresh, (await user.LogIn(user.First.HospitalId)).User.Email);
        Assert.Equal(user.Email, (await user.LogIn(user.Second.HospitalId)).User.Email);
        Assert.Equal("AUTH_INVALID", (await TestUser.PostLogIn(fresh, LinkedUser.Password)).Code);
    }

    /// <summary>A login that opens users of other hospitals keeps its address when one of them changes that of its user, and another login does not.</summary>
    [Fact]
    public async Task A_former_address_of_a_user_does_not_tell_whether_the_user_logs_in_elsewhere_too()
    {
        var admin = await ApiClient.LogInShared(TestUser.OtherHospitalAdminEmail);
        var (linked, alone) = (await LinkedUser.Create(), await TestUser.Create(by: TestUser.OtherHospitalAdminEmail));
        foreach (var (id, former) in ((Guid, string)[])[(linked.Second.Id, linked.Email), (alone.Id, alone.Email)])
        {
            await admin.Call("update_user", new { user_id = id, email = TestUser.NewEmail() });
            var other = await LinkedUser.Register(admin, TestUser.NewEmail());

            var changed = await admin.TryCall("update_user", new { user_id = other.Id, email = former });
            await admin.TryCall("update_user", new { user_id = other.Id, email = TestUser.NewEmail() });
            var created = await admin.TryCall("create_user", new { email = former, first_name = "Robin", last_name = "Testperson", role = "NURSE" });
            var invited = await admin.TryCall("update_user", new { user_id = id, has_login = true });

            Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.OK), (changed.Status, created.Status, invited.Status));
        }
    }

    /// <summary>Sets a password by a link, which proves that mail is received at the address.</summary>
    private async Task Reset(string email)
    {
        using var http = await TestUser.CreateAnonymousClient();
        using (await http.PostAsync("/api/auth/reset", JsonContent.Create(new { email }))) { }
        using var browser = await Pages.Open();
        await browser.Submit($"/oauth/set-password?token={await _mails.WaitForToken(email, "Set a new password")}", ("password", LinkedUser.Password));
    }
}
