using System.Net;
using System.Net.Http.Json;
using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.DemoData;

namespace MedCor.Tests.Services.Identity.Users;

public class UpdateUserTests
{
    private const string Password = "Korrekt-Pferd-7";

    [Fact]
    public async Task Omitted_fields_stay_unchanged()
    {
        var (admin, somebody) = (await ApiClient.LogInShared(TestUser.HospitalAdminEmail), await TestUser.Create());

        var changed = await admin.Call<UpdatedUser>("update_user", new { user_id = somebody.Id, first_name = "Updated", phone_number = "+1-555-3333" });

        Assert.Equal(("Updated", "+1-555-3333", "Testperson", 2), (changed.FirstName, changed.PhoneNumber, changed.LastName, changed.Version));
    }

    [Fact]
    public async Task An_older_version_than_the_present_is_a_conflict()
    {
        var (admin, somebody) = (await ApiClient.LogInShared(TestUser.HospitalAdminEmail), await TestUser.Create());
        await admin.Call("update_user", new { user_id = somebody.Id, first_name = "First", expected_version = 1 });

        Assert.Equal("CONFLICT", (await admin.TryCall("update_user", new { user_id = somebody.Id, first_name = "Second", expected_version = 1 })).Code);
    }

    [Fact]
    public async Task Two_passwords_with_one_key_are_two_calls()
    {
        var admin = await ApiClient.LogInShared(TestUser.HospitalAdminEmail);
        var (email, key) = (TestUser.NewEmail(), Guid.NewGuid().ToString());
        object With(string password) => new { email, password, first_name = "Robin", last_name = "Testperson", role = "NURSE" };

        var (first, again) = (await admin.TryCall("create_user", With("first of two 2026"), key),
            await admin.TryCall("create_user", With("first of two 2026"), key));
        var second = await admin.TryCall("create_user", With("second of two 2026"), key);

        Assert.Equal((System.Net.HttpStatusCode.OK, true, first.Body.ToJsonString()), (first.Status, again.IsReplay, again.Body.ToJsonString()));
        Assert.Equal(("CONFLICT", "idempotency_key"), (second.Code, (string?)second.Details!["field"]));
        await ApiClient.LogIn(email, "first of two 2026");
    }

    [Fact]
    public async Task Users_update_only_themselves()
    {
        var somebody = await TestUser.Create("DOCTOR");
        var doctor = await somebody.LogIn();

        Assert.Equal("Own", (await doctor.Call<UpdatedUser>("update_user", new { user_id = somebody.Id, first_name = "Own" })).FirstName);
        Assert.Equal("PERMISSION_DENIED",
            (await doctor.TryCall("update_user", new { user_id = DemoTenants.Hospitals[0].Nurse.Id, first_name = "Foreign" })).Code);
    }

    [Fact]
    public async Task Nobody_can_change_their_own_role()
    {
        foreach (var role in new[] { "PATIENT", "NURSE", "DOCTOR", "ADMIN" })
        {
            var somebody = await TestUser.Create(role);
            var client = await somebody.LogIn();
            Assert.Equal("PERMISSION_DENIED",
                (await client.TryCall("update_user", new { user_id = somebody.Id, role = role == "ADMIN" ? "DOCTOR" : "ADMIN" })).Code);
            Assert.Equal("PERMISSION_DENIED", (await client.TryCall("update_user", new { user_id = somebody.Id, is_active = false })).Code);
        }
    }

    [Fact]
    public async Task A_licence_is_for_administrators_to_change()
    {
        var somebody = await TestUser.Create("DOCTOR");

        Assert.Equal("PERMISSION_DENIED",
            (await (await somebody.LogIn()).TryCall("update_user", new { user_id = somebody.Id, license_number = "MD-SELF" })).Code);
        Assert.Equal("MD-ADMIN", (await (await ApiClient.LogInShared(TestUser.HospitalAdminEmail)).Call<UpdatedUser>("update_user",
            new { user_id = somebody.Id, license_number = "MD-ADMIN" })).LicenseNumber);
    }

    [Fact]
    public async Task Fields_of_another_role_are_refused_unless_already_stored()
    {
        var (admin, nurse, doctor) = (await ApiClient.LogInShared(TestUser.HospitalAdminEmail), await TestUser.Create("NURSE"),
            await TestUser.Create("DOCTOR"));

        var refused = await admin.TryCall("update_user",
            new { user_id = nurse.Id, date_of_birth = "1990-01-01", license_number = "RN-1", years_of_experience = 3, is_available = false });
        Assert.Equal(["date_of_birth", "is_available", "license_number", "years_of_experience"],
            refused.Details!.AsObject().Select(d => d.Key).Where(k => k != "request_id").Order());

        await admin.Call("update_user", new { user_id = doctor.Id, license_number = "MD-1", years_of_experience = 3, is_available = false });
        Assert.Equal(["license_number"],
            (await admin.TryCall("update_user",
                new { user_id = doctor.Id, role = "NURSE", license_number = "RN-1", years_of_experience = 3, is_available = false })).Details!.AsObject()
                .Select(d => d.Key).Where(k => k != "request_id"));
        await admin.Call("update_user", new { user_id = doctor.Id, role = "NURSE", license_number = "MD-1", years_of_experience = 3, is_available = false });
    }

    [Fact]
    public async Task Patients_change_neither_their_name_nor_their_date_of_birth()
    {
        var (admin, somebody) = (await ApiClient.LogInShared(TestUser.HospitalAdminEmail), await TestUser.Create());
        await admin.Call("update_user", new { user_id = somebody.Id, date_of_birth = "1990-05-04" });
        var patient = await somebody.LogIn();

        foreach (var other in new object[]
        {
            new { user_id = somebody.Id, first_name = "Somebody" }, new { user_id = somebody.Id, last_name = "Else" },
            new { user_id = somebody.Id, date_of_birth = "1990-05-05" },
            new { user_id = somebody.Id, phone_number = "+1-555-4444", last_name = "Else" },
            new { user_id = somebody.Id, last_name = "Else", email = TestUser.NewEmail(), current_password = somebody.Password },
        })
        {
            var refused = await patient.TryCall("update_user", other);
            Assert.Equal("PERMISSION_DENIED", refused.Code);
            Assert.Contains("Ask your hospital", refused.Error.Message, StringComparison.Ordinal);
        }

        // Sending the current values is no change, and the hospital may change them.
        var same = await patient.Call<UpdatedUser>("update_user",
            new { user_id = somebody.Id, first_name = "Robin", last_name = "Testperson", date_of_birth = "1990-05-04", phone_number = "+1-555-5555" });
        Assert.Equal(("Robin", "+1-555-5555"), (same.FirstName, same.PhoneNumber));
        var changed = await admin.Call<UpdatedUser>("update_user", new { user_id = somebody.Id, last_name = "Else", date_of_birth = "1990-05-05" });
        Assert.Equal(("Else", new DateOnly(1990, 5, 5)), (changed.LastName, changed.DateOfBirth));
    }

    /// <summary>Whoever has the address can set a new password.</summary>
    [Fact]
    public async Task The_platform_changes_no_address_at_a_hospital_but_that_of_an_administrator_before_the_first_login()
    {
        var platform = await ApiClient.LogInShared(TestUser.PlatformAdminEmail);
        var hospital = (await CreateUserTests.NewHospital(platform)).Id;
        var first = await platform.Call<User>("create_user",
            new { email = TestUser.NewEmail(), password = Password, first_name = "Ada", last_name = "Admin", role = "ADMIN", hospital_id = hospital });
        var patient = await platform.Call<User>("create_user",
            new { email = TestUser.NewEmail(), password = Password, first_name = "Ada", last_name = "Ill", role = "PATIENT", hospital_id = hospital });
        await AssertRefused(patient.Id);

        var corrected = TestUser.NewEmail();
        Assert.Equal(corrected, (await platform.Call<UpdatedUser>("update_user", new { user_id = first.Id, email = corrected })).Email);
        var admin = await ApiClient.LogIn(corrected, Password);
        var invited = await TestUser.Create(admin, "ADMIN");

        // Neither that of one who has logged in, nor that of one whom these have added.
        foreach (var id in (Guid[])[first.Id, invited.Id, patient.Id]) await AssertRefused(id);
        await platform.Call("update_user", new { user_id = first.Id, email = corrected });
        await admin.Call("update_user", new { user_id = patient.Id, email = TestUser.NewEmail() });

        async Task AssertRefused(Guid id) =>
            Assert.Equal("PERMISSION_DENIED", (await platform.TryCall("update_user", new { user_id = id, email = TestUser.NewEmail() })).Code);
    }

    [Fact]
    public async Task An_address_that_another_user_of_the_hospital_logs_in_with_is_a_conflict()
    {
        var (one, two) = (await TestUser.Create(), await TestUser.Create());

        Assert.Equal("CONFLICT", (await (await ApiClient.LogInShared(TestUser.HospitalAdminEmail)).TryCall("update_user",
            new { user_id = one.Id, email = two.Email.ToUpperInvariant() })).Code);
    }

    [Fact]
    public async Task An_address_that_a_user_of_another_hospital_logs_in_with_is_answered_as_a_free_one_and_stays_theirs()
    {
        var (one, elsewhere) = (await TestUser.Create(), await TestUser.Create(by: TestUser.OtherHospitalAdminEmail));
        using var mails = await MailboxClient.Open();

        var changed = await (await ApiClient.LogInShared(TestUser.HospitalAdminEmail)).Call<UpdatedUser>("update_user",
            new { user_id = one.Id, email = elsewhere.Email });

        Assert.Equal(elsewhere.Email, changed.Email);
        await mails.WaitFor(elsewhere.Email, "Your e-mail address is in use");
        Assert.Equal(elsewhere.Id, (await elsewhere.LogIn()).Id);
        Assert.Equal(one.Id, (await one.LogIn()).Id);
    }

    [Fact]
    public async Task The_address_of_a_patient_who_does_not_log_in_is_changed_removed_and_made_a_login()
    {
        var (admin, email) = (await ApiClient.LogInShared(TestUser.HospitalAdminEmail), TestUser.NewEmail());
        using var mails = await MailboxClient.Open();
        var patient = await admin.Call<User>("create_user", new { first_name = "Robin", last_name = "Testperson", role = "PATIENT" });

        Assert.Equal(email, (await Update(new { user_id = patient.Id, email })).Email);
        Assert.Null((await Update(new { user_id = patient.Id, email = (string?)null })).Email);
        Assert.Equal(["email"], InvalidFields(await admin.TryCall("update_user", new { user_id = patient.Id, has_login = true })));
        Assert.Empty(await mails.Read(email));
        await Update(new { user_id = patient.Id, email, has_login = true });

        var token = await mails.WaitForToken(email, "Your MedCor account");
        using var http = await TestUser.CreateAnonymousClient();
        using var set = await http.PostAsJsonAsync("/api/auth/password", new { token, password = Password });
        Assert.Equal(HttpStatusCode.NoContent, set.StatusCode);
        Assert.Equal(patient.Id, (await ApiClient.LogIn(email, Password)).Id);
        Assert.Equal(["email"], InvalidFields(await admin.TryCall("update_user", new { user_id = patient.Id, email = (string?)null })));
        Assert.Equal(["has_login"], InvalidFields(await admin.TryCall("update_user", new { user_id = patient.Id, has_login = false })));

        Task<UpdatedUser> Update(object change) => admin.Call<UpdatedUser>("update_user", change);
    }

    [Fact]
    public async Task Who_is_no_patient_any_more_needs_an_address_and_gets_a_login()
    {
        var (admin, email) = (await ApiClient.LogInShared(TestUser.HospitalAdminEmail), TestUser.NewEmail());
        using var mails = await MailboxClient.Open();
        var person = await admin.Call<User>("create_user", new { first_name = "Robin", last_name = "Testperson", role = "PATIENT" });

        Assert.Equal(["email"], InvalidFields(await admin.TryCall("update_user", new { user_id = person.Id, role = "NURSE" })));
        await admin.Call("update_user", new { user_id = person.Id, role = "NURSE", email });

        await mails.WaitForToken(email, "Your MedCor account");
    }

    private static IEnumerable<string> InvalidFields(ApiResponse answer) =>
        answer.Details!.AsObject().Select(d => d.Key).Where(k => k != "request_id");

    [Fact]
    public async Task An_update_without_changes_adds_no_version()
    {
        var (admin, somebody) = (await ApiClient.LogInShared(TestUser.HospitalAdminEmail), await TestUser.Create());
        foreach (var change in new object[] { new { user_id = somebody.Id }, new { user_id = somebody.Id, first_name = "Robin", is_active = true } })
            Assert.Equal(somebody.User.Version, (await admin.Call<UpdatedUser>("update_user", change)).Version);
        Assert.Equal(somebody.User.Version + 1, (await (await somebody.LogIn()).Call<UpdatedUser>("update_user",
            new { user_id = somebody.Id, password = "Korrekt-Pferd-8", current_password = somebody.Password })).Version);
    }

    [Fact]
    public async Task A_new_role_ends_the_old_tokens_and_the_next_login_has_it()
    {
        var somebody = await TestUser.Create("NURSE");
        var nurse = await somebody.LogIn();
        await nurse.Call("get_current_user");

        await (await ApiClient.LogInShared(TestUser.HospitalAdminEmail)).Call("update_user", new { user_id = somebody.Id, role = "DOCTOR" });

        var doctor = await somebody.LogIn();
        await doctor.Call("get_current_user");
        await Wait.Until(async () => (await nurse.TryCall("get_current_user")).Code == "AUTH_INVALID", "the old token stops", TimeSpan.FromSeconds(5));
        Assert.Equal("AUTH_INVALID", (await TestUser.PostRefresh(nurse.RefreshToken)).Code);
        Assert.Equal(Role.Doctor, (await doctor.Call<User>("get_current_user")).Role);
        await doctor.Call("get_doctor_details", new { doctor_id = somebody.Id });
    }

    [Fact]
    public async Task The_own_password_is_changed_with_the_current_one_and_ends_all_sessions()
    {
        var somebody = await TestUser.Create();
        var client = await somebody.LogIn();
        const string fresh = "Neues-Kennwort-9";

        Assert.NotNull((await client.TryCall("update_user", new { user_id = somebody.Id, password = fresh })).Details!["current_password"]);
        Assert.NotNull(
            (await client.TryCall("update_user", new { user_id = somebody.Id, password = fresh, current_password = "wrong" })).Details!["current_password"]);
        await client.Call("update_user", new { user_id = somebody.Id, password = fresh, current_password = somebody.Password });

        Assert.Equal("AUTH_INVALID", (await TestUser.PostLogIn(somebody.Email, somebody.Password)).Code);
        await (await ApiClient.LogIn(somebody.Email, fresh)).Call("get_current_user");
        await Wait.Until(async () => (await client.TryCall("get_current_user")).Code == "AUTH_INVALID", "the old token stops", TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task Guessing_the_current_password_locks_like_guessing_at_the_login()
    {
        var somebody = await TestUser.Create();
        var client = await somebody.LogIn();
        for (var i = 0; i < 5; i++)
            Assert.Equal("VALIDATION_ERROR",
                (await client.TryCall("update_user", new { user_id = somebody.Id, password = "Neues-Kennwort-9", current_password = "wrong" })).Code);

        Assert.Equal("RATE_LIMIT",
            (await client.TryCall("update_user", new { user_id = somebody.Id, password = "Neues-Kennwort-9", current_password = somebody.Password })).Code);
        Assert.Equal("RATE_LIMIT", (await TestUser.PostLogIn(somebody.Email, somebody.Password)).Code);
    }

    [Fact]
    public async Task Nobody_sets_the_password_of_somebody_else()
    {
        var (admin, platform, somebody) = (await ApiClient.LogInShared(TestUser.HospitalAdminEmail), await ApiClient.LogInShared(TestUser.PlatformAdminEmail),
            await TestUser.Create());

        foreach (var (client, id) in new[] { (admin, somebody.Id), (platform, somebody.Id), (admin, Guid.NewGuid()) })
        {
            var refused = await client.TryCall("update_user", new { user_id = id, password = "Neues-Kennwort-9" });
            Assert.Equal("PERMISSION_DENIED", refused.Code);
            Assert.Contains("POST /api/auth/reset", refused.Error.Message, StringComparison.Ordinal);
        }
        await somebody.LogIn();
    }

    [Fact]
    public async Task Concurrent_changes_of_one_version_do_not_both_succeed()
    {
        var (admin, somebody) = (await ApiClient.LogInShared(TestUser.HospitalAdminEmail), await TestUser.Create());

        var answers = await Task.WhenAll(
            Enumerable.Range(0, 5).Select(i => admin.TryCall("update_user", new { user_id = somebody.Id, first_name = $"N{i}", expected_version = 1 })));

        Assert.Single(answers, a => a.Code is null);
        Assert.Equal(4, answers.Count(a => a.Code == "CONFLICT"));
    }
}
