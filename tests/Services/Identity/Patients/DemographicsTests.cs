using System.Net;
using System.Text.Json.Nodes;
using MedCor.Contracts;
using MedCor.Contracts.Identity;

namespace MedCor.Tests.Services.Identity.Patients;

public class DemographicsTests
{
    private static readonly string[] GivenFields = ["mrn", "gender", "language", "address", "contacts", "next_of_kin", "identifiers"];

    [Fact]
    public async Task A_patient_answers_with_all_that_was_given_wherever_it_is_read()
    {
        var admin = await ApiClient.LogInShared(TestUser.HospitalAdminEmail);
        var given = (JsonObject)JsonNode.Parse($$"""
            {"mrn": "A-{{Unique()}}", "gender": "OTHER", "language": "pt-BR",
             "address": {"address_line1": "Rua 1", "address_line2": null, "city": "Lisboa", "state": null, "postal_code": "1100", "country": "Portugal"},
             "contacts": [{"name": "Work", "phone_number": "+351 21 555 0112", "email": null}],
             "next_of_kin": [{"name": "Rui", "relationship": "Brother", "phone_number": "+351 21 555 0113", "email": null}],
             "identifiers": [{"system": "urn:test", "value": "{{Unique()}}"}]}
            """)!;

        var created = await admin.Call("create_user", With(NewPatient(), given));

        var patient = await admin.Call("get_patient", new { patient_id = (Guid)created["id"]! });
        var user = await admin.Call("get_user", new { user_id = (Guid)created["id"]! });
        foreach (var field in GivenFields)
            foreach (var answer in new[] { created, patient, user })
                Assert.True(JsonNode.DeepEquals(given[field], answer[field]), $"{field}: {answer[field]?.ToJsonString()}");
        Assert.Null(patient["date_of_birth"]);
    }

    [Fact]
    public async Task A_patient_without_a_number_is_drawn_one_of_ten_digits()
    {
        var admin = await ApiClient.LogInShared(TestUser.HospitalAdminEmail);

        var numbers = new[] { (await TestUser.Create()).User.Mrn, (await TestUser.Create()).User.Mrn };

        Assert.All(numbers, number => Assert.Matches("^[1-9][0-9]{9}$", number));
        Assert.Equal(2, numbers.Distinct().Count());
        Assert.Null((await TestUser.Create(admin, "NURSE")).User.Mrn);
    }

    [Fact]
    public async Task A_nurse_who_becomes_a_patient_is_drawn_a_number()
    {
        var admin = await ApiClient.LogInShared(TestUser.HospitalAdminEmail);
        var nurse = await TestUser.Create(admin, "NURSE");

        var changed = await admin.Call<UpdatedUser>("update_user", new { user_id = nurse.Id, role = "PATIENT" });

        Assert.Matches("^[1-9][0-9]{9}$", changed.Mrn);
    }

    /// <summary>Whoever writes a patient, such as a process of the version before, the patient has a number and is found.</summary>
    [Fact]
    public async Task Every_patient_in_the_database_has_a_number_that_is_found()
    {
        await TestUser.Create();

        Assert.Equal(0, await (await MedCorFixture.Get()).QueryNumber("identity", """
            SELECT count(*) FROM users u WHERE role = 'PATIENT'
                AND NOT EXISTS (
                    SELECT FROM patient_keys k
                    WHERE k.hospital_id = u.hospital_id AND k.patient_id = u.id AND k.kind IN ('MRN', 'FORMER_MRN')
                        AND k.key = upper(u.mrn))
            """));
    }

    [Fact]
    public async Task A_number_belongs_to_one_patient_of_a_hospital_whatever_its_case_and_to_another_elsewhere()
    {
        var (admin, other) = (await ApiClient.LogInShared(TestUser.HospitalAdminEmail), await ApiClient.LogInShared(TestUser.OtherHospitalAdminEmail));
        var number = $"a{Unique()}";
        await admin.Call("create_user", With(NewPatient(), new() { ["mrn"] = number }));
        var somebody = await TestUser.Create(admin);

        foreach (var answer in new[]
        {
            await admin.TryCall("create_user", With(NewPatient(), new() { ["mrn"] = number.ToUpperInvariant() })),
            await admin.TryCall("update_user", new { user_id = somebody.Id, mrn = number }),
        })
        {
            Assert.Equal((HttpStatusCode.Conflict, ErrorCodes.Conflict, "mrn"), (answer.Status, answer.Code, (string?)answer.Details!["field"]));
        }
        Assert.Equal(number, (await other.Call<User>("create_user", With(NewPatient(), new() { ["mrn"] = number }))).Mrn);
    }

    [Fact]
    public async Task An_identifier_belongs_to_one_patient_of_a_hospital_until_it_is_taken_away()
    {
        var admin = await ApiClient.LogInShared(TestUser.HospitalAdminEmail);
        var (system, value) = ("urn:test", $"x{Unique()}");
        var first = await admin.Call<User>("create_user", With(NewPatient(), Identified(system, value)));

        var refused = await admin.TryCall("create_user", With(NewPatient(), Identified(system.ToUpperInvariant(), value.ToUpperInvariant())));
        Assert.Equal((HttpStatusCode.Conflict, "identifiers"), (refused.Status, (string?)refused.Details!["field"]));
        await admin.Call("create_user", With(NewPatient(), Identified("urn:other", value)));

        await admin.Call("update_user", new { user_id = first.Id, identifiers = Array.Empty<object>() });
        await admin.Call("create_user", With(NewPatient(), Identified(system, value)));
    }

    [Fact]
    public async Task All_that_is_wrong_with_demographic_data_is_named_at_once()
    {
        var admin = await ApiClient.LogInShared(TestUser.HospitalAdminEmail);

        var answer = await admin.TryCall("create_user", With(NewPatient(), (JsonObject)JsonNode.Parse("""
            {"mrn": "", "gender": "WOMAN", "language": "german!", "address": {"city": 1, "town": "x"}, "contacts": [{"email": "nobody"}],
             "next_of_kin": [{"name": " "}], "identifiers": [{"system": "a", "value": "b"}, {"system": "a", "value": "b"}]}
            """)!));

        Assert.Equal((HttpStatusCode.BadRequest, ErrorCodes.ValidationError), (answer.Status, answer.Code));
        foreach (var field in GivenFields)
            Assert.Contains(answer.Details!.AsObject(), detail => detail.Key == field || detail.Key.StartsWith($"{field}.", StringComparison.Ordinal)
                || detail.Key.StartsWith($"{field}[", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Demographic_data_of_staff_are_refused_by_name()
    {
        var admin = await ApiClient.LogInShared(TestUser.HospitalAdminEmail);
        var nurse = await TestUser.Create(admin, "NURSE");

        var answer = await admin.TryCall("update_user", new { user_id = nurse.Id, mrn = "1", gender = "FEMALE", contacts = new[] { new { name = "x" } } });

        Assert.Equal("contacts gender mrn", string.Join(' ', answer.Details!.AsObject().Select(d => d.Key).Where(k => k != "request_id").Order()));
        // What was read can be sent back.
        await admin.Call("update_user", new { user_id = nurse.Id, contacts = Array.Empty<object>(), gender = (string?)null });
    }

    [Fact]
    public async Task Patients_change_how_they_are_reached_and_not_what_identifies_them()
    {
        var somebody = await TestUser.Create();
        var patient = await somebody.LogIn();

        var changed = await patient.Call<UpdatedUser>("update_user",
            new
            {
                user_id = somebody.Id, language = "en", address = new { city = "Bonn" }, contacts = new[] { new { name = "Home" } }, mrn = somebody.User.Mrn,
            });

        Assert.Equal(("en", "Bonn", "Home"), (changed.Language, changed.Address?.City, changed.Contacts.Single().Name));
        foreach (var own in (object[])[new { user_id = somebody.Id, mrn = "1" }, new { user_id = somebody.Id, gender = "MALE" },
            new { user_id = somebody.Id, identifiers = new[] { new { system = "a", value = Unique() } } }])
            Assert.Equal(ErrorCodes.PermissionDenied, (await patient.TryCall("update_user", own)).Code);
    }

    private static JsonObject NewPatient() => new()
    {
        ["email"] = TestUser.NewEmail(), ["password"] = "Korrekt-Pferd-7", ["first_name"] = "Robin", ["last_name"] = "Testperson", ["role"] = "PATIENT",
    };

    private static JsonObject Identified(string system, string value) =>
        new() { ["identifiers"] = new JsonArray(new JsonObject { ["system"] = system, ["value"] = value }) };

    private static JsonObject With(JsonObject patient, JsonObject more)
    {
        foreach (var (field, value) in more) patient[field] = value?.DeepClone();
        return patient;
    }

    private static string Unique() => Guid.NewGuid().ToString("N")[..16];
}
