using System.Net;
using System.Text.Json.Nodes;
using System.Web;
using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.Tests.Services.Identity.Recovery;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace MedCor.Tests.Services.Identity.Federation;

public class FederatedLogInTests
{
    [Fact]
    public async Task A_provider_without_domains_links_nobody()
    {
        await using var hospital = await FederatedHospital.Open();
        await hospital.Update(new { email_domains = Array.Empty<string>() });
        hospital.Say("42", (await hospital.CreateUser()).Email);
        using var browser = await PageBrowser.Open();

        var refused = await hospital.LogIn(browser);

        Assert.Equal(HttpStatusCode.Forbidden, refused.Status);
        Assert.Equal(0, await hospital.CountLinks());
    }

    [Fact]
    public async Task A_user_logs_in_through_the_hospital_and_returns_to_the_program_that_asked()
    {
        await using var hospital = await FederatedHospital.Open();
        var nurse = await hospital.CreateUser();
        var loggedInAt = DateTimeOffset.UtcNow.AddHours(-1).ToUnixTimeSeconds();
        hospital.Say("42", nurse.Email, answer => (answer.Claims["amr"], answer.Claims["auth_time"]) = (FederatedHospital.List("pwd"), loggedInAt));
        using var client = await OAuthClient.Register(redirectUri: hospital.Provider.Issuer + "/client");
        using var browser = await PageBrowser.Open();
        using var start = await client.OpenAuthorization(("scope", "openid medcor.read"));

        var login = await browser.Get(start.Headers.Location!.ToString());
        Assert.Contains("Log in through your hospital", login.Html);
        var returnUrl = HttpUtility.ParseQueryString(start.Headers.Location.ToString().Split('?')[1])["return"]!;
        var consent = await hospital.LogIn(browser, returnUrl);
        Assert.Equal("/oauth/authorize", consent.Path);
        Assert.Contains(nurse.Email, consent.Html);
        var answer = await browser.Submit(consent, ("decision", "allow"), ("grant:medcor.read", "true"));
        var (status, tokens) = await client.Redeem(HttpUtility.ParseQueryString(answer.Address.ToString().Split('?')[1])["code"]!);

        Assert.Equal(HttpStatusCode.OK, status);
        var identity = JsonNode.Parse(Base64UrlEncoder.Decode(tokens.IdToken().Split('.')[1]))!;
        Assert.Equal((nurse.Id.ToString(), """["fed","pwd"]""", loggedInAt),
            ((string?)identity["sub"], identity["amr"]!.ToJsonString(), (long)identity["auth_time"]!));
        var request = hospital.Provider.LastRequest;
        Assert.Equal(("code", "S256", "openid email profile"),
            ((string?)request["response_type"], (string?)request["code_challenge_method"], (string?)request["scope"]));
        Assert.Equal((43, 43), (request["nonce"].ToString().Length, request["state"].ToString().Length));
        Assert.Equal((await hospital.Update(new { })).RedirectUri, request["redirect_uri"].ToString());
    }

    [Fact]
    public async Task The_first_login_links_the_account_and_later_ones_find_it_by_the_subject_alone()
    {
        await using var hospital = await FederatedHospital.Open();
        var nurse = await hospital.CreateUser();
        using var browser = await PageBrowser.Open();
        hospital.Say("42", nurse.Email.ToUpperInvariant());
        Assert.Equal("/oauth/account", (await hospital.LogIn(browser)).Path);
        using var mails = await MailboxClient.Open();
        await mails.WaitFor(nurse.Email, "You can log in through your hospital");

        hospital.Say("42", "renamed@elsewhere.example", answer => answer.Claims["email_verified"] = false);
        using var later = await PageBrowser.Open();
        Assert.Contains(nurse.Email, (await hospital.LogIn(later)).Html);

        // The provider gives the address of somebody who has left to somebody else.
        hospital.Say("43", nurse.Email);
        using var other = await PageBrowser.Open();
        Assert.Equal(HttpStatusCode.Forbidden, (await hospital.LogIn(other)).Status);
        Assert.Equal(1, await hospital.CountLinks());
        Assert.Single(await mails.Read(nurse.Email), mail => mail.Subject.StartsWith("You can log in through your hospital", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_person_without_an_account_gets_one_if_the_hospital_wants_it()
    {
        await using var hospital = await FederatedHospital.Open();
        await hospital.Update(new { role_claim = "realm_access.roles", role_mappings = new[] { new { value = "d", role = "DOCTOR" } } });
        var email = TestUser.NewEmail();
        hospital.Say("42", email, answer => answer.Claims["realm_access"] = new { roles = FederatedHospital.List("x", "d") });
        using var browser = await PageBrowser.Open();
        Assert.Equal(HttpStatusCode.Forbidden, (await hospital.LogIn(browser)).Status);

        await hospital.Update(new { create_users = true });
        Assert.Equal("/oauth/account", (await hospital.LogIn(browser)).Path);

        var user = Assert.Single((await hospital.Admin.Call<Page<User>>("list_users", new { search = email })).Results);
        Assert.Equal(("Robin", "Federated", Role.Doctor, hospital.Id), (user.FirstName, user.LastName, user.Role, user.HospitalId!.Value));
        Assert.Equal("AUTH_INVALID", (await TestUser.PostLogIn(email, "Korrekt-Pferd-7")).Code);
        using var mails = await MailboxClient.Open();
        await mails.WaitFor(email, "You can log in through your hospital");
        Assert.DoesNotContain(await mails.Read(email), mail => mail.Subject.StartsWith("Your MedCor account", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_role_follows_the_claim_at_each_login_and_a_new_one_ends_the_former_sessions()
    {
        await using var hospital = await FederatedHospital.Open();
        await hospital.Update(new
        {
            role_claim = "groups",
            role_mappings = new[] { new { value = "doctors", role = "DOCTOR" }, new { value = "nurses", role = "NURSE" } },
        });
        var user = await hospital.CreateUser();
        var session = await user.LogIn();
        using var browser = await PageBrowser.Open();
        hospital.Say("42", user.Email, answer => answer.Claims["groups"] = FederatedHospital.List("nurses"));
        Assert.Equal("/oauth/account", (await hospital.LogIn(browser)).Path);
        Assert.Equal(HttpStatusCode.OK, (await session.TryCall("get_current_user")).Status);

        // The first entry of the table that applies.
        hospital.Say("42", user.Email, answer => answer.Claims["groups"] = FederatedHospital.List("nurses", "doctors"));
        Assert.Equal("/oauth/account", (await hospital.LogIn(browser)).Path);

        Assert.Equal(Role.Doctor, (await hospital.Admin.Call<User>("get_user", new { user_id = user.Id })).Role);
        await Wait.Until(async () => (await session.TryCall("get_current_user")).Code == "AUTH_INVALID", "the former session ends", TimeSpan.FromSeconds(10));
        Assert.Equal("AUTH_INVALID", (await TestUser.PostRefresh(session.RefreshToken)).Code);
        Assert.Equal("/oauth/account", (await browser.Get("/oauth/account")).Path);

        hospital.Say("42", user.Email, answer => answer.Claims["groups"] = Array.Empty<string>());
        Assert.Equal(HttpStatusCode.Forbidden, (await hospital.LogIn(browser)).Status);
    }

    [Fact]
    public async Task The_last_administrator_keeps_the_role_whatever_the_claim_says()
    {
        await using var hospital = await FederatedHospital.Open();
        await hospital.Update(new { role_claim = "groups", role_mappings = new[] { new { value = "nurses", role = "NURSE" } } });
        var first = (await hospital.Admin.Call<User>("get_current_user")).Email!;
        hospital.Say("42", first, answer => answer.Claims["groups"] = FederatedHospital.List("nurses"));
        using var browser = await PageBrowser.Open();

        Assert.Equal("/oauth/account", (await hospital.LogIn(browser)).Path);
        Assert.Equal(Role.Admin, (await hospital.Admin.Call<User>("get_current_user")).Role);

        var second = await hospital.CreateUser("ADMIN");
        Assert.Equal("/oauth/account", (await hospital.LogIn(browser)).Path);
        var other = await second.LogIn();
        Assert.Equal(Role.Nurse, (await other.Call<User>("get_user", new { user_id = hospital.Admin.Id })).Role);

        // Now the second is the last.
        hospital.Say("43", second.Email, answer => answer.Claims["groups"] = FederatedHospital.List("nurses"));
        using var later = await PageBrowser.Open();
        Assert.Equal("/oauth/account", (await hospital.LogIn(later)).Path);
        Assert.Equal(Role.Admin, (await other.Call<User>("get_current_user")).Role);
    }

    [Theory]
    [InlineData("amr", "mfa", "fed mfa")]
    [InlineData("amr", "pwd otp", "fed otp pwd mfa")]
    [InlineData("amr", "hwk pin", "fed hwk pin mfa")]
    [InlineData("acr", "https://refeds.org/profile/mfa", "fed mfa")]
    public async Task A_second_factor_of_the_provider_counts(string claim, string value, string methods)
    {
        var (hospital, nurse, app) = await OpenWithSecondFactor();
        await using var _ = hospital;
        hospital.Say("42", nurse.Email, answer => answer.Claims[claim] = claim == "amr" ? value.Split(' ') : value);
        using var browser = await PageBrowser.Open();

        Assert.Equal("/oauth/account", (await hospital.LogIn(browser)).Path);
        Assert.Equal(methods, await ReadMethods(browser, hospital));
        Assert.NotEmpty(app.RecoveryCodes);
    }

    [Theory]
    [InlineData("pwd invention", "fed pwd otp mfa")]
    [InlineData("otp", "fed otp mfa")]
    [InlineData("hwk", "fed hwk otp mfa")]
    [InlineData("swk", "fed swk otp mfa")]
    public async Task Without_one_the_factor_of_MedCor_is_asked_for(string said, string methods)
    {
        var (hospital, nurse, app) = await OpenWithSecondFactor();
        await using var _ = hospital;
        hospital.Say("42", nurse.Email, answer => answer.Claims["amr"] = said.Split(' '));
        using var browser = await PageBrowser.Open();

        var asked = await hospital.LogIn(browser);
        Assert.Equal("/oauth/login/code", asked.Path);
        Assert.Equal("/oauth/login", (await browser.Get("/oauth/account")).Path);
        var wrong = await browser.Submit(asked, ("code", app.GetWrongCode()));
        Assert.Equal(HttpStatusCode.BadRequest, wrong.Status);

        Assert.Equal("/oauth/account", (await browser.Submit(wrong, ("code", await app.GetUnusedCode()))).Path);
        Assert.Equal(methods, await ReadMethods(browser, hospital));
    }

    [Fact]
    public async Task A_factor_that_the_hospital_requires_is_asked_for_unless_the_provider_has_asked_for_one()
    {
        await using var hospital = await FederatedHospital.Open();
        await hospital.Admin.Call("update_sign_in_policy", new { second_factor_roles = FederatedHospital.List("NURSE") });
        var nurse = await hospital.CreateUser();
        using var browser = await PageBrowser.Open();
        hospital.Say("42", nurse.Email, answer => answer.Claims["amr"] = FederatedHospital.List("mfa"));
        Assert.Equal("/oauth/account", (await hospital.LogIn(browser)).Path);

        hospital.Say("42", nurse.Email);
        using var other = await PageBrowser.Open();
        var refused = await hospital.LogIn(other);
        Assert.Equal(HttpStatusCode.Forbidden, refused.Status);
        Assert.Contains("Your hospital requires a second factor.", refused.Html);
        Assert.Equal("/oauth/login", (await other.Get("/oauth/account")).Path);

        var app = await TestAuthenticator.SetUp(nurse);
        Assert.Equal("/oauth/account", (await other.Submit(await hospital.LogIn(other), ("code", await app.GetUnusedCode()))).Path);
        Assert.Equal("fed otp mfa", await ReadMethods(other, hospital));
    }

    /// <summary>They are good for all hospitals that the login opens, or will open, and the provider of one must neither open nor close the others.</summary>
    [Fact]
    public async Task A_login_through_the_provider_neither_adds_nor_removes_second_factors()
    {
        await using var hospital = await FederatedHospital.Open();
        var (nurse, house, passkey) = (await hospital.CreateUser(), await MedCorFixture.Get(), Guid.NewGuid().ToByteArray());
        await house.QueryNumber("identity", """
            INSERT INTO passkeys (credential_id, login_id, name, public_key, sign_count, transports, is_backup_eligible, is_backed_up, created_at, last_used_at)
            SELECT $2, login_id, 'Phone', 'public'::bytea, 1, '', true, true, now(), now() FROM memberships WHERE user_id = $1 RETURNING 1
            """, nurse.Id, passkey);
        hospital.Say("42", nurse.Email, answer => answer.Claims["amr"] = FederatedHospital.List("mfa"));
        using var browser = await PageBrowser.Open();
        var page = await hospital.LogIn(browser);
        Assert.Equal("/oauth/account", page.Path);

        Assert.Equal("/oauth/login", (await browser.Post(page, "RemovePasskey", ("passkey", Convert.ToHexString(passkey)))).Path);

        Assert.Equal(1, await house.QueryNumber("identity", "SELECT count(*) FROM passkeys WHERE credential_id = $1", passkey));
        foreach (var path in (string[])["/oauth/account/authenticator", "/oauth/account/passkey"])
            Assert.Equal("/oauth/login", (await browser.Get(path)).Path);
    }

    [Fact]
    public async Task Who_logs_in_at_another_hospital_adds_this_one_before_the_provider_opens_it()
    {
        await using var hospital = await FederatedHospital.Open();
        await hospital.Update(new { create_users = true, role_claim = "roles", role_mappings = new[] { new { value = "nurses", role = "NURSE" } } });
        var owner = await TestUser.Create();
        hospital.Say("42", owner.Email, answer => answer.Claims["roles"] = "nurses");
        using var mails = await MailboxClient.Open();
        using var browser = await PageBrowser.Open();
        for (var attempt = 0; attempt < 2; attempt++) Assert.Equal(HttpStatusCode.Forbidden, (await hospital.LogIn(browser)).Status);
        Assert.Equal(0, await hospital.CountLinks());
        Assert.Equal(1, await (await MedCorFixture.Get()).QueryNumber("identity", """
            SELECT count(*) FROM audit_events e JOIN users u ON u.id = e.resource_id AND u.hospital_id = e.hospital_id
            WHERE e.action = 'create_user' AND u.email = $1 AND u.id <> $2
            """, owner.Email, owner.Id));

        using (var pages = await Pages.Open())
            await pages.Submit($"/oauth/link-hospital?token={await mails.WaitForToken(owner.Email, "A hospital has registered you")}");

        Assert.Equal("/oauth/account", (await hospital.LogIn(browser)).Path);
        Assert.Equal(1, await hospital.CountLinks());
    }

    [Fact]
    public async Task Where_the_provider_is_required_doctors_and_nurses_cannot_log_in_otherwise()
    {
        await using var hospital = await FederatedHospital.Open();
        var (nurse, patient) = (await hospital.CreateUser(), await hospital.CreateUser("PATIENT"));
        await hospital.Update(new { is_required = true });

        var refused = await TestUser.PostLogIn(nurse.Email, nurse.Password);
        Assert.Equal((HttpStatusCode.Forbidden, "PERMISSION_DENIED"), (refused.Status, refused.Code));
        Assert.EndsWith($"/oauth/login/hospital?hospital={hospital.Subdomain}", refused.Error.Message);
        Assert.Equal("AUTH_INVALID", (await TestUser.PostLogIn(nurse.Email, "another password")).Code);
        Assert.Equal(HttpStatusCode.OK, (await TestUser.PostLogIn(patient.Email, patient.Password)).Status);
        Assert.Equal(HttpStatusCode.OK, (await TestUser.PostLogIn((await hospital.Admin.Call<User>("get_current_user")).Email!, nurse.Password)).Status);

        hospital.Say("42", nurse.Email);
        using var browser = await PageBrowser.Open();
        var page = await browser.LogIn(nurse.Email, nurse.Password);
        Assert.Equal("/oauth/login/hospital", page.Path);
        Assert.Equal("/oauth/account", (await browser.Submit(page, ("hospital", hospital.Subdomain))).Path);

        await hospital.Update(new { client_id = "another" });
        Assert.Equal(HttpStatusCode.OK, (await TestUser.PostLogIn(nurse.Email, nurse.Password)).Status);
    }

    [Fact]
    public async Task Who_is_logged_in_logs_in_anew_at_the_provider()
    {
        await using var hospital = await FederatedHospital.Open();
        hospital.Say("42", (await hospital.CreateUser()).Email);
        using var browser = await PageBrowser.Open();

        await hospital.LogIn(browser);
        Assert.Equal(("", "28800"), (hospital.Provider.LastRequest["prompt"].ToString(), hospital.Provider.LastRequest["max_age"].ToString()));
        await hospital.LogIn(browser);
        Assert.Equal("login", hospital.Provider.LastRequest["prompt"].ToString());
    }

    [Fact]
    public async Task A_login_at_the_provider_long_ago_is_no_recent_one()
    {
        await using var hospital = await FederatedHospital.Open();
        var longAgo = DateTimeOffset.UtcNow.AddMinutes(-16).ToUnixTimeSeconds();
        hospital.Say("42", (await hospital.CreateUser()).Email, answer => answer.Claims["auth_time"] = longAgo);
        using var browser = await PageBrowser.Open();

        Assert.Equal("/oauth/account", (await hospital.LogIn(browser)).Path);
        Assert.Equal("/oauth/login", (await browser.Get("/oauth/account/authenticator")).Path);
    }

    [Fact]
    public async Task A_login_at_a_provider_that_does_not_say_when_it_was_is_no_recent_one()
    {
        await using var hospital = await FederatedHospital.Open();
        hospital.Say("42", (await hospital.CreateUser()).Email, answer => answer.Claims.Remove("auth_time"));
        using var browser = await PageBrowser.Open();

        Assert.Equal("/oauth/account", (await hospital.LogIn(browser)).Path);
        Assert.Equal("/oauth/account", (await browser.Get("/oauth/account")).Path);
        Assert.Equal("/oauth/login", (await browser.Get("/oauth/account/authenticator")).Path);
    }

    [Theory]
    [InlineData("no-such-hospital")]
    [InlineData("general")]
    [InlineData("")]
    [InlineData("<script>")]
    public async Task A_hospital_without_a_provider_is_told_so(string name)
    {
        using var browser = await PageBrowser.Open();

        var page = await browser.Submit(await browser.Get("/oauth/login/hospital"), ("hospital", name));

        Assert.Equal(HttpStatusCode.BadRequest, page.Status);
        Assert.Contains("There is no such hospital, or its users log in with a password.", page.Html);
        Assert.DoesNotContain("<script>", page.Html);
    }

    [Fact]
    public async Task The_page_of_a_hospital_names_it()
    {
        await using var hospital = await FederatedHospital.Open();
        using var browser = await PageBrowser.Open();

        var page = await browser.Get(new Uri((await hospital.Update(new { })).LogInUrl!).PathAndQuery);

        Assert.Equal(HttpStatusCode.OK, page.Status);
        Assert.Contains($"Log in at {hospital.Subdomain}", page.Html);
    }

    private static async Task<(FederatedHospital Hospital, TestUser Nurse, TestAuthenticator App)> OpenWithSecondFactor()
    {
        var hospital = await FederatedHospital.Open();
        var nurse = await hospital.CreateUser();
        return (hospital, nurse, await TestAuthenticator.SetUp(nurse));
    }

    /// <summary>Lets a program ask the user who is logged in, and returns the methods that its token says, separated by spaces.</summary>
    private static async Task<string> ReadMethods(PageBrowser browser, FederatedHospital hospital)
    {
        using var client = await OAuthClient.Register(redirectUri: hospital.Provider.Issuer + "/client");
        using var start = await client.OpenAuthorization();
        var consent = await browser.Get(HttpUtility.ParseQueryString(start.Headers.Location!.ToString().Split('?')[1])["return"]!);
        var answer = await browser.Submit(consent, ("decision", "allow"), ("grant:medcor.read", "true"));
        var (_, tokens) = await client.Redeem(HttpUtility.ParseQueryString(answer.Address.ToString().Split('?')[1])["code"]!);
        return string.Join(' ', new JsonWebToken(tokens.AccessToken()).Claims.Where(claim => claim.Type == "amr").Select(claim => claim.Value));
    }
}
