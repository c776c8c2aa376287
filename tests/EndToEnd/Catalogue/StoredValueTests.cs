using System.Net;
using System.Text.Json.Nodes;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Contracts.Identity;
using Npgsql;

namespace MedCor.Tests.EndToEnd.Catalogue;

/// <summary>
/// Tests values that were stored before a rule existed: they can be sent back as they were read, so that other fields can be changed, and new values must
/// follow the rule.
/// </summary>
public class StoredValueTests
{
    private static readonly Lazy<Task<ClinicFixture>> Shared = new(() => ClinicFixture.OpenHospital("Europe/Berlin"));

    /// <summary>
    /// By tool: how to create an entity for it, and the SQL that stores values which no parameter accepts today. Every changed text contains an escape
    /// character, which no text may contain.
    /// </summary>
    private static readonly Dictionary<string, StoredCase> Things = new()
    {
        ["update_user"] = new("identity", w => Task.FromResult((w.Admin, w.Patient)), "resources/users",
            "UPDATE users SET email = 'Old <' || email || '>', first_name = E'An\nna', last_name = E'\u202e', phone_number = E'12\x013', license_number = "
            + "E'\x1b', years_of_experience = 90, date_of_birth = '1850-01-01' WHERE id = $1"),
        ["update_doctor_specialties"] = new("identity", async w =>
        {
            await w.Admin.Call("update_doctor_specialties",
                new { doctor_id = w.Doctor, specialties = new[] { new { specialty_id = await Specialty(w.Admin), is_primary = true } } });
            return (w.Admin, w.Doctor);
        }, "resources/doctors", "UPDATE practices SET years_of_experience = 90, certification_date = '2999-01-01' WHERE doctor_id = $1"),
        ["update_specialty"] = new("identity", async w =>
        {
            var (platform, unique) = (await ApiClient.LogInShared(TestUser.PlatformAdminEmail), Guid.NewGuid().ToString("N")[..20]);
            return (platform, (await platform.Call<Specialty>("create_specialty", new { code = unique.ToUpperInvariant(), name = unique })).Id);
        }, "resources/specialties", "UPDATE specialties SET name = E'\x1b' || name, description = E'\x1b' WHERE id = $1"),
        ["update_service_account"] = new("identity", async w =>
            (w.Admin, (await w.Admin.Call<ServiceAccount>("create_service_account", new { name = "x", role = "NURSE", scope = "people.read" })).Id),
            "list_service_accounts", "UPDATE users SET first_name = E'\x1b' WHERE id = $1"),
        ["update_identity_provider"] = new("identity", async w =>
        {
            await w.Admin.Call("update_identity_provider", new
            {
                issuer = "https://login.hospital.example", client_id = "x", email_domains = new[] { "x.example" }, role_claim = "x",
                role_mappings = new[] { new { value = "x", role = "NURSE" } },
            });
            return (w.Admin, w.Admin.HospitalId!.Value);
        }, "get_identity_provider", """
            UPDATE identity_providers SET issuer = 'http://x', client_id = E'\x1b', email_domains = ARRAY[E'\x1b'], role_claim = E'\x1b',
                role_mappings = '[{"value": "\u001b", "role": "NURSE"}]' WHERE hospital_id = $1
            """),
        ["update_hospital"] = new("hospital", w => Task.FromResult((w.Admin, w.Admin.HospitalId!.Value)), "resources/hospitals",
            "UPDATE hospitals SET name = E'\x1b', email = 'Old <' || email || '>', phone_number = E'\x1b', address_line1 = E'\x1b', city = E'\u202e', "
            + "time_zone = 'localtime' WHERE id = $1"),
        ["update_medical_record"] = new("clinical", async w =>
            (w.Admin, (await w.Admin.Call<MedicalRecord>("create_medical_record", new { patient_id = w.Patient, title = "x", record_type = "OTHER" })).Id),
            "resources/medical_records",
            @"UPDATE medical_records SET title = E'\x1b', description = E'\u202e', diagnosis = E'\x01', symptoms = E'\u2800', "
                + @"attachments = ARRAY['C:\scan.png', 'javascript:alert(1)', E'\x1b'] WHERE id = $1"),
        ["update_access_policy"] = new("clinical", async w =>
        {
            await w.Admin.Call("update_access_policy", new { notified_users = new[] { new { user_id = w.Doctor } } });
            return (w.Admin, w.Admin.HospitalId!.Value);
        }, "get_access_policy", "UPDATE access_policies SET notified_user_ids = ARRAY[gen_random_uuid()] WHERE hospital_id = $1"),
        ["update_treatment"] = new("clinical", async w =>
            (w.Admin, (await w.Admin.Call<Treatment>("create_treatment",
                new { patient_id = w.Patient, doctor_id = w.Doctor, name = "x", medications = new[] { new { name = "x" } } })).Id), "resources/treatments",
            """UPDATE treatments SET name = E'\x1b', description = E'\x1b', instructions = E'\x1b', """
                + """medications = '[{"name": "\u001b", "dosage": "\u001b"}, {"name": "x"}]' WHERE id = $1"""),
        ["set_doctor_schedule"] = new("clinical", async w =>
        {
            var hours = new[] { new { weekday = "MONDAY", start = "09:00", end = "17:00" } };
            await w.Admin.Call("set_doctor_schedule",
                new { doctor_id = w.Doctor, working_hours = hours, exceptions = new[] { new { date = w.Weekday(), reason = "x" } } });
            return (w.Admin, w.Doctor);
        }, "", """UPDATE schedules SET timetable = jsonb_set(timetable, '{exceptions,0,reason}', '"\u001b"') WHERE doctor_id = $1"""),
    };

    public static TheoryData<string> Tools => [.. Things.Keys];

    [Theory, MemberData(nameof(Tools))]
    public async Task Unchanged_stored_values_are_accepted_and_new_invalid_ones_are_not(string name)
    {
        var (tool, thing) = (ToolCatalogue.All[name], Things[name]);
        var (caller, id) = await thing.Make(await Shared.Value);
        var before = await Read();
        await using (var connection = await (await MedCorFixture.Get()).OpenDatabase(thing.Service))
        await using (var old = new NpgsqlCommand(thing.Aged, connection) { Parameters = { new() { Value = id } } })
            Assert.Equal(1, await old.ExecuteNonQueryAsync());
        var read = await Read();
        var taken = new ParameterGenerator(tool).Parameters.Select(p => p.Name).Where(p => read[p] is not null && p != "notes").ToArray();
        var aged = taken.Where(field => !JsonNode.DeepEquals(before[field], read[field])).ToArray();
        Assert.NotEmpty(aged);

        var idField = new ParameterGenerator(tool).Required.Append("hospital_id").First(r => r.EndsWith("_id", StringComparison.Ordinal));
        var back = new JsonObject { [idField] = id.ToString() };
        foreach (var field in taken) back[field] = read[field]!.DeepClone();
        // Not every field of a list entry that is read is also a parameter.
        if (name == "update_doctor_specialties")
            foreach (var specialty in back["specialties"]!.AsArray()) foreach (var more in (string[])["code", "name"]) specialty!.AsObject().Remove(more);
        // Each field by itself, with the old value and a further invalid one.
        foreach (var field in aged)
        {
            var changed = (JsonObject)back.DeepClone();
            changed[field] = Another(changed[field]!);
            var refused = await caller.Post(tool, changed);
            Assert.True(refused.Status == HttpStatusCode.BadRequest && SampleValues.MentionsParameter(refused.Details, field), $"{field}: {refused}");
            Assert.DoesNotContain(aged.Where(other => other != field), other => SampleValues.MentionsParameter(refused.Details, other));
        }

        var reply = await caller.Post(tool, back);

        Assert.True(reply.Status == HttpStatusCode.OK, reply.ToString());
        var now = await Read();
        Assert.All(aged, field =>
            Assert.True(JsonNode.DeepEquals(read[field], now[field]), $"{field} was {read[field]?.ToJsonString()} and became {now[field]?.ToJsonString()}"));

        async Task<JsonNode> Read() => thing.Path switch
        {
            "" => await caller.Call("get_doctor_schedule", new { doctor_id = id }),
            "get_identity_provider" or "get_access_policy" => await caller.Call(thing.Path),
            "list_service_accounts" => (await caller.Call(thing.Path))["results"]!.AsArray().Single(a => (Guid)a!["id"]! == id)!,
            _ => (await ToolCallExtensions.Send(caller.Http, new HttpRequestMessage(HttpMethod.Get, $"/api/mcp/{thing.Path}/{id}"))).Body,
        };
    }

    /// <summary>Notes are excluded: they are appended to the existing ones, so they are always new.</summary>
    [Fact]
    public void Every_tool_that_changes_texts_which_are_read_is_tried()
    {
        var changing = from tool in ToolCatalogue.All.Values
                       where tool.Effect == Effect.Update
                       let read = ContractSchema.ForOutput(tool.Result)["properties"]!.AsObject()
                       where new ParameterGenerator(tool).Parameters.Any(p => read.ContainsKey(p.Name) && p.Name != "notes"
                           && ((ParameterGenerator.Types(p.Schema).Contains("array") && p.Schema["items"]?["enum"] is null)
                               || (ParameterGenerator.Types(p.Schema).Contains("string") && p.Schema["pattern"] is not null)))
                       select tool.Name;

        Assert.Equal(changing.Order(), Things.Keys.Order());
    }

    /// <summary>Returns another value that is invalid in the same way.</summary>
    private static JsonNode Another(JsonNode value) => value switch
    {
        JsonArray list => new JsonArray([.. list.SkipLast(1).Select(entry => entry!.DeepClone()), Another(list[^1] is JsonValue ? list[^1]! : list[0]!)]),
        JsonObject fields when fields["years_of_experience"] is { } years => With(fields, "years_of_experience", Another(years)),
        JsonObject fields => With(fields, ((string[])["reason", "value", "name", "user_id"]).First(fields.ContainsKey), "\u001b\u001b"),
        JsonValue number when number.TryGetValue<int>(out var n) => n + 1,
        JsonValue day when DateOnly.TryParse((string?)day, out var date) => date.AddDays(-1).ToString("O"),
        _ => $"{(string?)value}x\u001b",
    };

    private static JsonObject With(JsonObject fields, string name, JsonNode value)
    {
        var copy = (JsonObject)fields.DeepClone();
        copy[name] = value;
        return copy;
    }

    private static async Task<string> Specialty(ApiClient caller) =>
        (string)(await caller.Call("list_specialties", new { limit = 1, is_active = true }))["results"]![0]!["id"]!;

    /// <param name="Make">Creates an entity and returns the caller who changes it.</param>
    /// <param name="Path">The path where the entity is read; by its tool when it is not a resource.</param>
    /// <param name="Aged">The SQL that makes the entity one from before the rules.</param>
    private sealed record StoredCase(string Service, Func<ClinicFixture, Task<(ApiClient By, Guid Id)>> Make, string Path, string Aged);
}
