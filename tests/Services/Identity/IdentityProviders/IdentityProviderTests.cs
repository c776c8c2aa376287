using System.Net;
using MedCor.Contracts.Identity;
using MedCor.Tests.Services.Identity.Federation;

namespace MedCor.Tests.Services.Identity.IdentityProviders;

public class IdentityProviderTests
{
    [Fact]
    public async Task A_hospital_has_no_provider_until_its_administrator_sets_one_and_none_after_its_removal()
    {
        await using var hospital = await FederatedHospital.Open();
        var empty = new IdentityProvider(hospital.Id, null, null, false, [], null, [], false, false, "", null, 0);

        var set = await hospital.Update(new { email_domains = FederatedHospital.List("people.example"), role_claim = "roles", is_required = true });
        Assert.Equivalent(empty with
        {
            Issuer = hospital.Provider.Issuer,
            ClientId = ForgedProvider.ClientId,
            HasClientSecret = true,
            EmailDomains = ["people.example"],
            RoleClaim = "roles",
            IsRequired = true,
            RedirectUri = set.RedirectUri,
            LogInUrl = set.LogInUrl,
            Version = 2,
        }, set, strict: true);
        Assert.EndsWith($"/oauth/login/callback/{hospital.Id}", set.RedirectUri);
        Assert.EndsWith($"/oauth/login/hospital?hospital={hospital.Subdomain}", set.LogInUrl);
        Assert.Equivalent(set, await hospital.Admin.Call<IdentityProvider>("get_identity_provider"), strict: true);

        var removed = await hospital.Update(new { issuer = (string?)null, expected_version = 2 });
        Assert.Equal((null, false, null), (removed.Issuer, removed.HasClientSecret, removed.LogInUrl));
        using var browser = await PageBrowser.Open();
        Assert.Contains("There is no such hospital, or its users log in with a password.", (await hospital.LogIn(browser)).Html);
        Assert.Equal("CONFLICT", (await hospital.Admin.TryCall("update_identity_provider", new { is_required = true, expected_version = 2 })).Code);
    }

    [Fact]
    public async Task The_client_secret_is_answered_to_nobody_and_stored_encrypted()
    {
        await using var hospital = await FederatedHospital.Open();

        var answered = await hospital.Admin.Call("update_identity_provider", new { client_secret = "quite-a-secret-2026" });

        Assert.DoesNotContain("quite-a-secret-2026", answered.ToJsonString());
        Assert.DoesNotContain("quite-a-secret-2026", (await hospital.Admin.Call("get_identity_provider")).ToJsonString());
        var house = await MedCorFixture.Get();
        Assert.Equal(1, await house.QueryNumber("identity", """
            SELECT count(*) FROM identity_providers WHERE hospital_id = $1 AND length(encrypted_client_secret) = 28 + 19
                AND position('quite-a-secret-2026'::bytea IN encrypted_client_secret) = 0
            """, hospital.Id));
    }

    [Fact]
    public async Task Another_provider_gets_neither_the_secret_nor_the_links_of_the_former()
    {
        await using var hospital = await FederatedHospital.Open();
        hospital.Say("42", (await hospital.CreateUser()).Email);
        using var browser = await PageBrowser.Open();
        await hospital.LogIn(browser);
        Assert.Equal(1, await hospital.CountLinks());

        var changed = await hospital.Update(new { issuer = "https://login.elsewhere.example" });

        Assert.False(changed.HasClientSecret);
        Assert.Equal(0, await hospital.CountLinks());
        Assert.True((await hospital.Update(new { issuer = hospital.Provider.Issuer, client_secret = ForgedProvider.ClientSecret })).HasClientSecret);
    }

    [Fact]
    public async Task Administrators_see_the_provider_of_their_hospital_and_of_no_other_and_programs_change_none()
    {
        await using var hospital = await FederatedHospital.Open();
        var (other, nurse) = (await ApiClient.LogInShared(TestUser.OtherHospitalAdminEmail), await ApiClient.LogInShared("nurse@general.example"));
        var platform = await ApiClient.LogInShared(TestUser.PlatformAdminEmail);
        foreach (var tool in FederatedHospital.List("get_identity_provider", "update_identity_provider"))
        {
            Assert.Equal("RESOURCE_NOT_FOUND", (await other.TryCall(tool, new { hospital_id = hospital.Id })).Code);
            Assert.Equal("PERMISSION_DENIED", (await nurse.TryCall(tool)).Code);
        }
        Assert.NotNull((await platform.TryCall("get_identity_provider")).Details!["hospital_id"]);
        Assert.Equal(hospital.Id, (await platform.Call<IdentityProvider>("get_identity_provider", new { hospital_id = hospital.Id })).HospitalId);

        using var client = await OAuthClient.Register();
        var tokens = await client.Obtain(TestUser.HospitalAdminEmail, "people.write");
        var refused = await client.Call(tokens.AccessToken(), "update_identity_provider", new { is_required = true });
        Assert.Equal((HttpStatusCode.Forbidden, "PERMISSION_DENIED"), (refused.Status, refused.Code));
    }

    /// <summary>Whoever sets the provider can log in as any doctor of the hospital.</summary>
    [Fact]
    public async Task The_platform_changes_the_provider_of_no_hospital()
    {
        await using var hospital = await FederatedHospital.Open();
        var (platform, before) = (await ApiClient.LogInShared(TestUser.PlatformAdminEmail), await hospital.Admin.Call("get_identity_provider"));

        foreach (var change in (object[])[new { }, new { hospital_id = hospital.Id }, new { hospital_id = hospital.Id, issuer = "https://login.evil.example" },
            new { hospital_id = hospital.Id, create_users = true, role_claim = "sub", role_mappings = new[] { new { value = "me", role = "DOCTOR" } } }])
        {
            var refused = await platform.TryCall("update_identity_provider", change);
            Assert.Equal((HttpStatusCode.Forbidden, "PERMISSION_DENIED"), (refused.Status, refused.Code));
        }

        Assert.Equal(before.ToJsonString(), (await hospital.Admin.Call("get_identity_provider")).ToJsonString());
    }

    [Fact]
    public async Task Accounts_are_created_only_for_addresses_of_named_domains()
    {
        await using var hospital = await FederatedHospital.Open();
        var none = Array.Empty<string>();

        var both = await hospital.Admin.TryCall("update_identity_provider", new { create_users = true, email_domains = none });
        await hospital.Update(new { email_domains = none });
        var create = await hospital.Admin.TryCall("update_identity_provider", new { create_users = true });

        foreach (var refused in new[] { both, create })
        {
            Assert.Equal("VALIDATION_ERROR", refused.Code);
            Assert.NotNull(refused.Details!["email_domains"]);
        }
        Assert.False((await hospital.Admin.Call<IdentityProvider>("get_identity_provider")).CreateUsers);
    }

    [Fact]
    public async Task The_administrators_are_told_of_each_change_of_the_provider_and_of_the_policy()
    {
        const string Provider = "The identity provider of your hospital was changed", Policy = "The sign-in policy of your hospital was changed";
        await using var hospital = await FederatedHospital.Open();
        using var mails = await MailboxClient.Open();
        var (first, nurse) = ((await hospital.Admin.Call<User>("get_current_user")).Email!, await hospital.CreateUser());
        var second = await hospital.CreateUser("ADMIN");

        await hospital.Update(new { is_required = true });
        // What changes nothing is not told.
        await hospital.Update(new { is_required = true });
        await hospital.Admin.Call("update_sign_in_policy", new { idle_minutes = 60 });

        await mails.WaitFor(first, Policy);
        await mails.WaitFor(second.Email, Policy);
        await Wait.Until(async () => (await CountProviderMails(first), await CountProviderMails(second.Email)) == (2, 1), "the mails about the provider");
        Assert.DoesNotContain(await mails.Read(nurse.Email), mail => mail.Subject.StartsWith(Provider, StringComparison.Ordinal));

        async Task<int> CountProviderMails(string to) =>
            (await mails.Read(to)).Count(mail => mail.Subject.StartsWith(Provider, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("http://login.hospital.example")]
    [InlineData("https://user@login.hospital.example")]
    [InlineData("https://login.hospital.example?tenant=1")]
    [InlineData("https://login.hospital.example/#staff")]
    [InlineData("https://login.hospital.example:8443")]
    [InlineData("ftp://login.hospital.example")]
    [InlineData("login.hospital.example")]
    public async Task An_issuer_is_an_https_address(string issuer)
    {
        var refused = await (await ApiClient.LogInShared(TestUser.HospitalAdminEmail)).TryCall("update_identity_provider", new { issuer });

        Assert.Equal("VALIDATION_ERROR", refused.Code);
        Assert.NotNull(refused.Details!["issuer"]);
    }
}
