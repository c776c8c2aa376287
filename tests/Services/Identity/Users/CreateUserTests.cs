using System.Net;
using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.DemoData;
using Npgsql;

namespace MedCor.Tests.Services.Identity.Users;

public class CreateUserTests
{
    private static object Patient(string email, string password = "SecurePass123!", string role = "PATIENT", Guid? hospital = null) =>
        new { email, password, first_name = "John", last_name = "Doe", role, hospital_id = hospital };

    [Fact]
    public async Task The_published_example_answers_with_every_field_it_was_given()
    {
        var admin = await ApiClient.LogInShared(TestUser.PlatformAdminEmail);
        var (email, hospital) = (TestUser.NewEmail(), DemoTenants.Hospitals[1].Id);

        var answer = await admin.TryCall("create_user", new
        {
            email,
            password = "SecurePass123!",
            first_name = "John",
            last_name = "Doe",
            role = "PATIENT",
            hospital_id = hospital,
            phone_number = "+1-555-2222",
            date_of_birth = "1990-01-01",
            license_number = "MD12345",
            years_of_experience = 10,
        });

        var user = answer.Read<User>();
        Assert.Equal((email, hospital, "John", "Doe"), (user.Email, user.HospitalId, user.FirstName, user.LastName));
        Assert.Equal(("+1-555-2222", new DateOnly(1990, 1, 1), "MD12345", 10),
            (user.PhoneNumber, user.DateOfBirth, user.LicenseNumber, user.YearsOfExperience));
        Assert.Equal((Role.Patient, 1, true), (user.Role, user.Version, user.IsActive));
        Assert.Null(answer.Body["password"]);
        Assert.Equal(answer.Body.ToJsonString(), (await admin.Call("get_user", new { user_id = user.Id })).ToJsonString());
    }

    [Theory]
    [InlineData("DOCTOR", "list_doctors")]
    [InlineData("PATIENT", "list_patients")]
    public async Task A_created_user_is_listed_at_once(string role, string list)
    {
        var somebody = await TestUser.Create(role);
        var admin = await ApiClient.LogIn(TestUser.HospitalAdminEmail, gateway: 1);

        var found = await admin.Call(list, new { sort = "-created_at", limit = 100 });

        Assert.Contains(found["results"]!.AsArray(), p => (Guid)p!["id"]! == somebody.Id);
    }

    [Fact]
    public async Task All_that_is_wrong_with_a_new_user_is_named_at_once()
    {
        var platform = await ApiClient.LogInShared("admin@medcor.example");

        var answer = await platform.TryCall("create_user", new
        {
            email = TestUser.NewEmail(), password = "password", first_name = "Robin", last_name = "Testperson", role = "PATIENT", years_of_experience = 90
        });

        Assert.Equal((HttpStatusCode.BadRequest, "VALIDATION_ERROR"), (answer.Status, answer.Code));
        Assert.Equal("hospital_id password years_of_experience",
            string.Join(' ', answer.Details!.AsObject().Select(d => d.Key).Where(k => k != "request_id").Order()));
    }

    [Fact]
    public async Task An_address_is_taken_within_a_hospital_in_every_case()
    {
        var somebody = await TestUser.Create();
        var admin = await ApiClient.LogInShared(TestUser.HospitalAdminEmail);

        var answer = await admin.TryCall("create_user", Patient(somebody.Email.ToUpperInvariant()));

        Assert.Equal((HttpStatusCode.Conflict, "CONFLICT"), (answer.Status, answer.Code));
        Assert.Equal("email", (string?)answer.Details!["field"]);
    }

    [Fact]
    public async Task A_platform_administrator_has_an_address_that_nobody_else_logs_in_with()
    {
        var (platform, somebody) = (await ApiClient.LogInShared(TestUser.PlatformAdminEmail), await TestUser.Create());

        var answer = await platform.TryCall("create_user", Patient(somebody.Email, role: "ADMIN"));

        Assert.Equal("CONFLICT", answer.Code);
    }

    [Fact]
    public async Task A_patient_needs_no_address()
    {
        var nurse = await ApiClient.LogInShared("nurse@general.example");

        var answer = await nurse.TryCall("create_user", new { first_name = "Robin", last_name = $"Without{Guid.NewGuid():N}", role = "PATIENT" });

        var user = answer.Read<User>();
        Assert.Null(user.Email);
        Assert.True(answer.Body.AsObject().ContainsKey("email"));
        var listed = Assert.Single((await nurse.Call<Page<Patient>>("list_patients", new { search = user.LastName })).Results);
        Assert.Equal((user.Id, (string?)null), (listed.Id, listed.Email));
        Assert.Null((await nurse.Call<Patient>("get_patient", new { patient_id = user.Id })).Email);
        var hospital = await ApiClient.LogInShared(TestUser.HospitalAdminEmail);
        Assert.Empty((await hospital.Call<Page<UserSession>>("list_sessions", new { user_id = user.Id })).Results);
        Assert.False((await hospital.Call<SecondFactorReset>("reset_second_factor", new { user_id = user.Id })).HadSecondFactor);
    }

    [Fact]
    public async Task Patients_who_do_not_log_in_may_have_one_contact_address()
    {
        var (nurse, email) = (await ApiClient.LogInShared("nurse@general.example"), TestUser.NewEmail());

        foreach (var name in (string[])["Ida", "Oskar"])
            Assert.Equal(email, (await nurse.Call<User>("create_user", Child(name))).Email);
        var parent = await nurse.Call<User>("create_user", Patient(email));

        Assert.Equal(parent.Id, (await ApiClient.LogIn(email, "SecurePass123!")).Id);
        Assert.Equal(3, (await nurse.Call<Page<Patient>>("list_patients", new { search = email })).Total);

        object Child(string name) => new { email, first_name = name, last_name = "Doe", role = "PATIENT", has_login = false };
    }

    [Theory]
    [InlineData("""{"role":"NURSE"}""", "email")]
    [InlineData("""{"role":"ADMIN","email":"a@b.example","has_login":false}""", "has_login")]
    [InlineData("""{"role":"PATIENT","has_login":true}""", "email")]
    [InlineData("""{"role":"PATIENT","password":"Korrekt-Pferd-7"}""", "password")]
    [InlineData("""{"role":"PATIENT","password":"Korrekt-Pferd-7","email":"a@b.example","has_login":false}""", "password")]
    public async Task What_a_login_needs_is_named(string given, string field)
    {
        var parameters = System.Text.Json.Nodes.JsonNode.Parse(given)!.AsObject();
        (parameters["first_name"], parameters["last_name"]) = ("Robin", "Testperson");

        var answer = await (await ApiClient.LogInShared(TestUser.HospitalAdminEmail)).TryCall("create_user", parameters);

        Assert.Equal("VALIDATION_ERROR", answer.Code);
        Assert.Equal([field], answer.Details!.AsObject().Select(d => d.Key).Where(k => k != "request_id"));
    }

    [Fact]
    public async Task An_address_is_one_however_its_accents_and_its_domain_are_written()
    {
        var (admin, name) = (await ApiClient.LogInShared(TestUser.HospitalAdminEmail), $"t{Guid.NewGuid():N}");
        string[] forms = [$"{name}.jos\u00E9@b\u00FCcher.example", $"{name}.jose\u0301@bu\u0308cher.example", $"{name}.jos\u00E9@xn--bcher-kva.example",
            $"{name}.JOS\u00C9@B\u00DCCHER.example"];

        var opened = await admin.Call<User>("create_user", Patient(forms[2]));

        Assert.Equal(forms[0], opened.Email);
        foreach (var form in forms) Assert.Equal("CONFLICT", (await admin.TryCall("create_user", Patient(form))).Code);
        foreach (var form in forms) Assert.Equal(HttpStatusCode.OK, (await TestUser.PostLogIn(form, "SecurePass123!")).Status);
    }

    /// <summary>Accounts that are older than the rules for addresses keep their address.</summary>
    [Theory]
    [InlineData("jose\u0301@bu\u0308cher.example", "jos\u00E9@b\u00FCcher.example")]
    [InlineData("jos\u00E9@xn--bcher-kva.example", "jos\u00E9@b\u00FCcher.example")]
    [InlineData("a b@c.example", null)]
    public async Task An_older_address_still_logs_in_and_is_taken_in_its_present_form(string kept, string? present)
    {
        var (somebody, unique) = (await TestUser.Create(), $"t{Guid.NewGuid():N}.");
        await using (var connection = await (await MedCorFixture.Get()).OpenDatabase("identity"))
        await using (var age = new NpgsqlCommand("""
            WITH login AS (UPDATE logins SET email = $2, email_key = $2 WHERE id = (SELECT login_id FROM memberships WHERE user_id = $1))
            UPDATE users SET email = $2, email_key = $2 WHERE id = $1
            """, connection)
        {
            Parameters = { new() { Value = somebody.Id }, new() { Value = unique + kept } },
        })
            await age.ExecuteNonQueryAsync();

        Assert.Equal(HttpStatusCode.OK, (await TestUser.PostLogIn(unique + kept, somebody.Password)).Status);
        if (present is null) return;
        Assert.Equal(HttpStatusCode.OK, (await TestUser.PostLogIn(unique + present, somebody.Password)).Status);
        Assert.Equal("CONFLICT",
            (await (await ApiClient.LogInShared(TestUser.HospitalAdminEmail)).TryCall("create_user", Patient(unique + present))).Code);
    }

    [Fact]
    public async Task A_name_is_kept_as_one_text_however_it_was_typed()
    {
        var admin = await ApiClient.LogInShared(TestUser.HospitalAdminEmail);

        var opened = await admin.Call<User>("create_user",
            new
            {
                email = TestUser.NewEmail(), password = "Korrekt-Pferd-7", first_name = " Ju\u0308rgen\u00A0", last_name = "Mu\u0308ller", role = "PATIENT"
            });

        Assert.Equal(("J\u00FCrgen", "M\u00FCller"), (opened.FirstName, opened.LastName));
    }

    [Fact]
    public async Task Of_many_concurrent_users_with_one_address_one_is_created()
    {
        var admin = await ApiClient.LogInShared(TestUser.HospitalAdminEmail);
        var email = TestUser.NewEmail();

        var answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => admin.TryCall("create_user", Patient(email))));

        Assert.Equal(1, answers.Count(a => a.Status == HttpStatusCode.OK));
        Assert.Equal(5, answers.Count(a => a.Code == "CONFLICT"));
    }

    [Fact]
    public async Task The_hospital_is_the_administrators_own_unless_given()
    {
        var somebody = await TestUser.Create(by: TestUser.OtherHospitalAdminEmail);

        Assert.Equal(DemoTenants.Hospitals[1].Id, somebody.User.HospitalId);
    }

    [Theory]
    [InlineData("password1")]
    [InlineData("short")]
    [InlineData("xx-Hargreaves-xx")]
    [InlineData("          ")]
    public async Task A_bad_password_is_named(string password)
    {
        var admin = await ApiClient.LogInShared(TestUser.HospitalAdminEmail);

        var answer = await admin.TryCall("create_user",
            new { email = TestUser.NewEmail(), password, first_name = "Rosalind", last_name = "Hargreaves", role = "NURSE" });

        Assert.Equal("VALIDATION_ERROR", answer.Code);
        Assert.NotEmpty(answer.Details!["password"]!.AsArray());
    }

    /// <summary>A patient may have all of these fields, because published examples for clients show that.</summary>
    [Theory]
    [InlineData("ADMIN", "date_of_birth license_number years_of_experience")]
    [InlineData("NURSE", "date_of_birth license_number years_of_experience")]
    [InlineData("DOCTOR", "date_of_birth")]
    [InlineData("PATIENT", "")]
    public async Task Fields_of_another_role_are_refused_by_name(string role, string others)
    {
        var admin = await ApiClient.LogInShared(TestUser.HospitalAdminEmail);
        object With(object? born, object? licence, object? years) =>
            new
            {
                email = TestUser.NewEmail(), password = "Korrekt-Pferd-7", first_name = "Robin", last_name = "Testperson", role, date_of_birth = born,
                license_number = licence, years_of_experience = years
            };

        var answer = await admin.TryCall("create_user", With("1990-01-01", "MD-1", 10));

        if (others.Length == 0) Assert.Null(answer.Code);
        else
        {
            Assert.Equal((others, "VALIDATION_ERROR"),
                (string.Join(' ', answer.Details!.AsObject().Select(d => d.Key).Where(k => k != "request_id").Order()), answer.Code));
            Assert.Equal($"is for the role PATIENT, not {role}: leave it out", answer.Details.Strings("date_of_birth")[0]);
        }
        Assert.Null((await admin.TryCall("create_user", With(null, null, null))).Code);
    }

    [Fact]
    public async Task A_name_is_one_line()
    {
        var admin = await ApiClient.LogInShared(TestUser.HospitalAdminEmail);
        foreach (var control in (string[])["\n", "\t", "\r\n", "\u2028", "\u001b"])
        {
            var answer = await admin.TryCall("create_user", new
            {
                email = TestUser.NewEmail(), password = "Korrekt-Pferd-7", first_name = $"Rob{control}in", last_name = $"Test{control}person", role = "NURSE",
                phone_number = $"+1{control}5"
            });

            Assert.Equal("first_name last_name phone_number",
                string.Join(' ', answer.Details!.AsObject().Select(d => d.Key).Where(k => k != "request_id").Order()));
        }
    }

    [Fact]
    public async Task Every_bad_field_is_named_at_once()
    {
        var admin = await ApiClient.LogInShared(TestUser.HospitalAdminEmail);

        var answer = await admin.TryCall("create_user",
            new
            {
                email = "nobody", password = "x", first_name = "", last_name = "Doe", role = "PATIENT", date_of_birth = "2999-01-01", years_of_experience = -1
            });

        Assert.Equal("VALIDATION_ERROR", answer.Code);
        Assert.Equal(["date_of_birth", "email", "first_name", "password", "years_of_experience"],
            answer.Details!.AsObject().Select(d => d.Key).Where(k => k != "request_id").Order());
    }

    [Fact]
    public async Task Nurses_open_accounts_of_patients_of_their_hospital_alone()
    {
        var nurse = await ApiClient.LogInShared("nurse@general.example");

        Assert.Equal(Role.Patient, (await nurse.Call<User>("create_user", Patient(TestUser.NewEmail()))).Role);
        Assert.Equal("PERMISSION_DENIED", (await nurse.TryCall("create_user", Patient(TestUser.NewEmail(), role: "NURSE"))).Code);
        Assert.Equal("RESOURCE_NOT_FOUND", (await nurse.TryCall("create_user", Patient(TestUser.NewEmail(), hospital: DemoTenants.Hospitals[1].Id))).Code);
    }

    [Theory]
    [InlineData("doctor@general.example")]
    [InlineData("patient@general.example")]
    public async Task Doctors_and_patients_open_no_accounts(string who) =>
        Assert.Equal("PERMISSION_DENIED", (await (await ApiClient.LogInShared(who)).TryCall("create_user", Patient(TestUser.NewEmail()))).Code);

    [Fact]
    public async Task Another_hospital_is_told_from_a_missing_one_by_nothing()
    {
        var admin = await ApiClient.LogInShared(TestUser.HospitalAdminEmail);

        var foreign = await admin.TryCall("create_user", Patient(TestUser.NewEmail(), hospital: DemoTenants.Hospitals[1].Id));
        var missing = await admin.TryCall("create_user", Patient(TestUser.NewEmail(), hospital: Guid.NewGuid()));

        Assert.Equal("RESOURCE_NOT_FOUND", foreign.Code);
        Assert.Equal((missing.Status, missing.Code, missing.Error.Message), (foreign.Status, foreign.Code, foreign.Error.Message));
    }

    [Fact]
    public async Task Only_the_platform_makes_platform_administrators()
    {
        var platform = await ApiClient.LogInShared(TestUser.PlatformAdminEmail);
        var email = TestUser.NewEmail();

        var made = await platform.Call<User>("create_user", Patient(email, role: "ADMIN"));
        var ofHospital = await (await ApiClient.LogInShared(TestUser.HospitalAdminEmail)).Call<User>("create_user",
            Patient(TestUser.NewEmail(), role: "ADMIN"));

        Assert.Null(made.HospitalId);
        Assert.Equal(DemoTenants.Hospitals[0].Id, ofHospital.HospitalId);
        Assert.Equal("VALIDATION_ERROR", (await platform.TryCall("create_user", Patient(TestUser.NewEmail()))).Code);
        Assert.Equal("RESOURCE_NOT_FOUND",
            (await (await ApiClient.LogInShared(TestUser.HospitalAdminEmail)).TryCall("get_user", new { user_id = made.Id })).Code);
    }

    [Theory, InlineData("DOCTOR"), InlineData("NURSE")]
    public async Task The_platform_makes_nobody_a_doctor_or_nurse_and_its_administrators_of_a_hospital_do(string role)
    {
        var platform = await ApiClient.LogInShared(TestUser.PlatformAdminEmail);
        var hospital = (await NewHospital(platform)).Id;
        var admin = await TestUser.LogInNewAdmin(hospital);

        var clinician = await TestUser.Create(admin, role);

        await AssertRefused("create_user", Patient(TestUser.NewEmail(), role: role, hospital: hospital), "opened by an administrator of their hospital");
        await AssertRefused("create_user", Patient(TestUser.NewEmail(), role: role), "opened by an administrator of their hospital");
        foreach (var other in (Guid[])[(await TestUser.Create(admin)).Id, (await TestUser.Create(admin, "ADMIN")).Id, platform.Id])
            await AssertRefused("update_user", new { user_id = other, role },
                other == platform.Id ? "their own role" : "opened by an administrator of their hospital");
        await AssertRefused("update_user", new { user_id = clinician.Id, email = TestUser.NewEmail() }, "changed by themselves");
        await platform.Call("update_user", new { user_id = clinician.Id, email = clinician.Email, role, phone_number = "+1-555-0199" });

        async Task AssertRefused(string tool, object parameters, string message)
        {
            var refused = await platform.TryCall(tool, parameters);
            Assert.Equal((HttpStatusCode.Forbidden, "PERMISSION_DENIED"), (refused.Status, refused.Code));
            Assert.Contains(message, refused.Error.Message, StringComparison.Ordinal);
        }
    }

    /// <summary>An administrator whom the platform adds could make anybody a doctor.</summary>
    [Fact]
    public async Task The_platform_adds_no_administrator_to_a_hospital_whose_own_has_logged_in()
    {
        var platform = await ApiClient.LogInShared(TestUser.PlatformAdminEmail);
        var hospital = (await NewHospital(platform)).Id;
        var (second, patient) = (await platform.Call<User>("create_user", Patient(TestUser.NewEmail(), role: "ADMIN", hospital: hospital)),
            await platform.Call<User>("create_user", Patient(TestUser.NewEmail(), hospital: hospital)));
        await platform.Call("delete_user", new { user_id = second.Id });

        var admin = await TestUser.LogInNewAdmin(hospital);

        await AssertRefused("create_user", Patient(TestUser.NewEmail(), role: "ADMIN", hospital: hospital));
        await AssertRefused("update_user", new { user_id = patient.Id, role = "ADMIN" });
        await AssertRefused("update_user", new { user_id = second.Id, is_active = true });
        await platform.Call("update_user", new { user_id = admin.Id, role = "ADMIN", is_active = true, phone_number = "+1-555-0199" });
        await admin.Call("update_user", new { user_id = second.Id, is_active = true });

        // Without any, the platform opens one anew.
        foreach (var id in (Guid[])[admin.Id, second.Id]) await platform.Call("delete_user", new { user_id = id });
        await TestUser.LogInNewAdmin(hospital);

        async Task AssertRefused(string tool, object parameters)
        {
            var refused = await platform.TryCall(tool, parameters);
            Assert.Equal((HttpStatusCode.Forbidden, "PERMISSION_DENIED"), (refused.Status, refused.Code));
            Assert.Contains("has administrators who have logged in", refused.Error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_hospital_opened_a_moment_ago_can_have_users()
    {
        var platform = await ApiClient.LogInShared(TestUser.PlatformAdminEmail);
        var hospital = await NewHospital(platform);

        var user = await platform.Call<User>("create_user", Patient(TestUser.NewEmail(), hospital: hospital.Id));

        Assert.Equal(hospital.Id, user.HospitalId);
    }

    [Fact]
    public async Task A_hospital_out_of_use_gets_no_users()
    {
        var platform = await ApiClient.LogInShared(TestUser.PlatformAdminEmail);
        var hospital = await NewHospital(platform);
        await platform.Call("delete_hospital", new { hospital_id = hospital.Id });

        await Wait.Until(
            async () => (await platform.TryCall("create_user", Patient(TestUser.NewEmail(), hospital: hospital.Id))).Code == "CONFLICT",
            "the hospital is known to be out of use");
    }

    internal static async Task<Contracts.Hospital.Hospital> NewHospital(ApiClient platform)
    {
        var name = $"t{Guid.NewGuid():N}";
        return await platform.Call<Contracts.Hospital.Hospital>("create_hospital", new
        {
            name, subdomain = name, registration_number = name, email = $"office@{name}.example", phone_number = "+1-555-0000",
            address_line1 = "123 Medical St", city = "New York", state = "NY", country = "USA", postal_code = "10001", hospital_type = "General",
        });
    }
}
