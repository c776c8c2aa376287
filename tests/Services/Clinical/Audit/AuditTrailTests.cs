using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Platform.Database;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace MedCor.Tests.Services.Clinical.Audit;

/// <summary>Tests which accesses to clinical content are audited, and who may read the audit events.</summary>
public sealed class AuditTrailTests
{
    private static readonly Lazy<Task<Participants>> Shared = new(Open);

    private sealed record Participants(ClinicFixture Ward, ApiClient Doctor, ApiClient Patient);

    [Fact]
    public async Task A_patient_learns_who_wrote_read_and_listed_their_record_and_what_came_of_it()
    {
        var (ward, doctor, patient) = await Shared.Value;
        var record = await Write(doctor, ward.Patient);
        await ward.Nurse.Call("get_medical_record", new { record_id = record });
        await ward.Nurse.Call("get_medical_record_history", new { record_id = record });
        await doctor.Call("update_medical_record", new { record_id = record, diagnosis = "Secret diagnosis" });
        await ward.Nurse.Call("list_medical_records", new { patient_id = ward.Patient, record_type = "LAB_RESULT" });
        await (await ClinicFixture.LogIn("admin@medcor.example")).Call("get_medical_record", new { record_id = record });

        var events = await Of(patient, new { resource_id = record, sort = "created_at" });

        Assert.Equal(
            ["create_medical_record DOCTOR", "get_medical_record NURSE", "get_medical_record_history NURSE", "update_medical_record DOCTOR",
                "list_medical_records NURSE", "get_medical_record PLATFORM"],
            events.Select(e => $"{e.Action} {EnumNames.Of(e.Role)}"));
        Assert.All(events,
            e => Assert.Equal((AuditOutcome.Done, "medical_records", ward.Patient), (e.Outcome, e.Resource, e.PatientId)));
        Assert.Equal((doctor.Id, "Test DOCTOR", 1),
            (events[0].UserId, events[0].UserName, events[0].ResourceVersion));
        Assert.All(events, e => Assert.Equal((null, null, null, null), (e.SessionId, e.ClientAddress, e.PeerAddress, e.RequestId)));
        Assert.DoesNotContain("Secret", (await patient.Call("list_audit_events", new { resource_id = record })).ToJsonString());
    }

    [Fact]
    public async Task Reads_of_resources_are_audited_like_reads_by_tools()
    {
        var (ward, doctor, patient) = await Shared.Value;
        var record = await Write(doctor, ward.Patient);

        foreach (var path in new[] { $"medical_records/{record}", $$"""medical_records?filter={"patient_id":"{{ward.Patient}}"}""" })
            Assert.True((await doctor.Http.GetAsync(new Uri($"/api/mcp/resources/{path}", UriKind.Relative))).IsSuccessStatusCode, path);
        using var refused = await (await ClinicFixture.LogIn("patient@general.example")).Http.GetAsync(new Uri($"/api/mcp/resources/medical_records/{record}",
            UriKind.Relative));

        Assert.Equal(
            ["create_medical_record DONE", "resources/medical_records DONE", "resources/medical_records DONE", "resources/medical_records MISSING"],
            (await Of(patient, new { resource_id = record, sort = "created_at" })).Select(e => $"{e.Action} {EnumNames.Of(e.Outcome)}"));
    }

    [Fact]
    public async Task A_patient_who_asks_for_rows_of_another_is_refused_by_every_door_and_it_is_on_record()
    {
        var ward = await ClinicFixture.Open();
        var other = await ClinicFixture.LogIn("patient@general.example");
        string[] resources = ["medical_records", "treatments", "appointments"];
        foreach (var resource in (string[])[.. resources, "audit_events"])
        {
            var tool = await other.TryCall($"list_{resource}", new { patient_id = ward.Patient, sort = "nonsense" });
            Assert.Equal((HttpStatusCode.Forbidden, "PERMISSION_DENIED"), (tool.Status, tool.Code));
            foreach (var filter in new[] { $$"""{"patient_id":"{{ward.Patient}}"}""", $$$"""{"patient_id":{"in":["{{{other.Id}}}","{{{ward.Patient}}}"]}}""" })
            {
                using var answer = await other.Http.GetAsync(new Uri($"/api/mcp/resources/{resource}?filter={Uri.EscapeDataString(filter)}", UriKind.Relative));
                Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
            }
            using var own = await other.Http.GetAsync(new Uri($$"""/api/mcp/resources/{{resource}}?filter={"patient_id":"{{other.Id}}"}""", UriKind.Relative));
            Assert.Equal(HttpStatusCode.OK, own.StatusCode);
        }

        var refused = await Of(ward.Admin, new { patient_id = ward.Patient, user_id = other.Id, sort = "created_at" });
        Assert.Equal(
            ((string[])[.. resources, "audit_events"]).SelectMany(
                r => (string[])[$"list_{r} FORBIDDEN", $"resources/{r} FORBIDDEN", $"resources/{r} FORBIDDEN"]),
            refused.Select(e => $"{e.Action} {EnumNames.Of(e.Outcome)}"));
    }

    [Fact]
    public async Task Refused_attempts_are_on_record_with_whose_it_was()
    {
        var (ward, doctor, patient) = await Shared.Value;
        var record = await Write(doctor, ward.Patient);
        var other = await ClinicFixture.LogIn("patient@general.example");
        await other.TryCall("get_medical_record", new { record_id = record });
        await other.TryCall("update_medical_record", new { record_id = record, title = "x" });
        await doctor.TryCall("update_medical_record", new { record_id = record, title = "x", expected_version = 9 });
        await doctor.TryCall("update_medical_record", new { record_id = record, status = "ENTERED_IN_ERROR" });

        var refused = (await Of(patient, new { resource_id = record, sort = "created_at" })).Skip(1).ToArray();
        Assert.Equal([AuditOutcome.Missing, AuditOutcome.Forbidden, AuditOutcome.Conflict, AuditOutcome.Invalid], refused.Select(e => e.Outcome));
        Assert.All(refused, e => Assert.Equal((ward.Patient, 0), (e.PatientId, e.Rows)));

        // Calls by a user whose role does not include the tool, and a call whose parameters cannot be read.
        Assert.Contains(await Of(ward.Admin, new { user_id = other.Id, action = "update_medical_record" }), e => e.Outcome == AuditOutcome.Forbidden);
        await ward.Nurse.TryCall("update_medical_record", new { record_id = record, title = "n" });
        await ward.Nurse.TryCall("create_treatment", new { patient_id = ward.Patient, doctor_id = ward.Doctor, name = "n", description = "d" });
        await ward.Nurse.TryCall("update_medical_record", new { record_id = record, title = 1 });
        var byRole = (await Of(ward.Admin, new { user_id = ward.Nurse.Id, kind = "CLINICAL", sort = "-created_at" }))
            .Where(e => e.Outcome == AuditOutcome.Forbidden).Take(3).ToArray();
        Assert.Equal([null, ward.Patient, ward.Patient], byRole.Select(e => e.PatientId));
        Assert.Equal([null, null, record], byRole.Select(e => e.ResourceId));
        await doctor.TryCall("get_treatment", new { treatment_id = "nonsense" });
        Assert.Equal(AuditOutcome.Invalid, Assert.Single(await Of(ward.Admin, new { user_id = doctor.Id, action = "get_treatment" })).Outcome);
    }

    [Fact]
    public async Task A_list_of_several_patients_is_on_record_for_each_and_an_empty_one_for_who_was_asked_for()
    {
        var ward = await ClinicFixture.Open();
        var other = await ward.CreatePatient();
        var booked = new[] { await ward.Book("09:00:00"), await ward.Book("10:00:00"), await ward.Book("11:00:00", patient: other) }
            .Select(b => b.Id).ToArray();
        await ward.Nurse.Call("list_appointments", new { doctor_id = ward.Doctor });
        await ward.Nurse.Call("list_treatments", new { patient_id = other });

        var seen = (await Of(ward.Admin, new { resource_id = booked[0], action = "list_appointments" })).Single();
        Assert.Equal((ward.Patient, 2), (seen.PatientId, seen.Rows));
        Assert.Equal(booked[..2].Order(), seen.ResourceIds!.Order());
        seen = (await Of(ward.Admin, new { patient_id = other, action = "list_appointments" })).Single();
        Assert.Equal((booked[2], 1), (seen.ResourceId, seen.Rows));
        seen = (await Of(ward.Admin, new { patient_id = other, resource = "treatments" })).Single();
        Assert.Equal(("list_treatments", 0), (seen.Action, seen.Rows));
    }

    [Theory]
    [InlineData("admin@medcor.example")]
    [InlineData(null)]
    public async Task An_empty_page_is_on_record_for_the_patient_whose_rows_it_counts(string? platform)
    {
        var ward = await ClinicFixture.Open();
        var booked = await ward.Book("09:00:00");
        var reader = platform is null ? ward.Nurse : await ClinicFixture.LogIn(platform);
        async Task List(string filter)
        {
            using var page = await reader.Http.GetAsync($"/api/mcp/resources/appointments?page=50&filter={Uri.EscapeDataString(filter)}");
            Assert.Equal(1, (int)(await page.Content.ReadFromJsonAsync<JsonNode>())!["total"]!);
        }

        Assert.Equal(1, (await reader.Call<Page<Appointment>>("list_appointments", new { patient_id = ward.Patient, page = 50 })).Total);
        await List($$$"""{"patient_id":"{{{ward.Patient}}}"}""");
        await List($$$"""{"patient_id":{"in":["{{{ward.Patient}}}"]}}""");
        await List($$$"""{"id":"{{{booked.Id}}}"}""");
        await List($$$"""{"id":{"in":["{{{booked.Id}}}"]}}""");

        var read = await Of(ward.Admin, new { patient_id = ward.Patient, user_id = reader.Id, sort = "created_at" });
        Assert.Equal(5, read.Count(e => e.Rows == 0 && e.Action is "list_appointments" or "resources/appointments"));
        Assert.Equal([booked.Id, booked.Id], read.TakeLast(2).Select(e => e.ResourceId));
    }

    [Fact]
    public async Task Replayed_idempotent_responses_are_audited_again()
    {
        var (ward, doctor, _) = await Shared.Value;
        var key = Guid.NewGuid().ToString();
        var first = await doctor.TryCall("create_medical_record", Wish(ward.Patient), key);
        Assert.True((await doctor.TryCall("create_medical_record", Wish(ward.Patient), key)).IsReplay);

        Assert.Equal([AuditOutcome.Done, AuditOutcome.Replayed],
            (await Of(ward.Admin, new { resource_id = first.Read<MedicalRecord>().Id, sort = "created_at" })).Select(e => e.Outcome));
    }

    [Fact]
    public async Task The_audited_client_address_is_the_one_the_gateway_saw()
    {
        var (ward, doctor, _) = await Shared.Value;
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/mcp/tools/invoke")
        {
            Content = JsonContent.Create(new { tool = "create_medical_record", @params = Wish(ward.Patient) })
        };
        foreach (var claim in new[] { "X-Client-Address", "X-Forwarded-For", "X-Real-IP" }) request.Headers.Add(claim, "198.51.100.9");
        using var response = await doctor.Http.SendAsync(request);
        var record = (await response.Content.ReadFromJsonAsync<MedicalRecord>(Json.Options))!.Id;

        var written = (await Of(ward.Admin, new { resource_id = record })).Single();

        foreach (var address in new[] { written.ClientAddress, written.PeerAddress })
            Assert.True(System.Net.IPAddress.IsLoopback(System.Net.IPAddress.Parse(address!)));
        Assert.Equal(response.Headers.GetValues("X-Request-Id").Single(), written.RequestId);
        Assert.NotNull(written.SessionId);
    }

    [Fact]
    public async Task The_trace_id_is_audited_beside_the_request_id_of_the_client()
    {
        var (ward, doctor, patient) = await Shared.Value;
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/mcp/tools/invoke")
        {
            Content = JsonContent.Create(new { tool = "create_medical_record", @params = Wish(ward.Patient) })
        };
        request.Headers.Add("X-Request-Id", "somebody-elses");
        request.Headers.Add("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00");
        using var response = await doctor.Http.SendAsync(request);
        var record = (await response.Content.ReadFromJsonAsync<MedicalRecord>(Json.Options))!.Id;

        var written = (await Of(ward.Admin, new { resource_id = record })).Single();

        Assert.Equal("somebody-elses", Assert.Single(response.Headers.GetValues("X-Request-Id")));
        Assert.Equal(("somebody-elses", response.Headers.GetValues("traceparent").Single().Split('-')[1]),
            (written.RequestId, written.TraceId));
        Assert.NotEqual("4bf92f3577b34da6a3ce929d0e0e4736", written.TraceId);
        Assert.All(await Of(patient, new { resource_id = record }), e => Assert.Null(e.TraceId));
    }

    [Fact]
    public async Task Only_administrators_and_the_patient_see_the_audit_events()
    {
        var (ward, doctor, patient) = await Shared.Value;
        var record = await Write(doctor, ward.Patient);
        foreach (var staff in new[] { doctor, ward.Nurse }) Assert.Equal("PERMISSION_DENIED", (await staff.TryCall("list_audit_events")).Code);
        var other = await ClinicFixture.LogIn("patient@general.example");
        Assert.Equal("PERMISSION_DENIED", (await other.TryCall("list_audit_events", new { patient_id = ward.Patient })).Code);
        foreach (var stranger in new[] { other, await ClinicFixture.LogIn("admin@riverside.example") })
            Assert.Empty(await Of(stranger, new { resource_id = record }));
        foreach (var entitled in new[] { patient, ward.Admin, await ClinicFixture.LogIn("admin@medcor.example") })
            Assert.Single(await Of(entitled, new { resource_id = record }));
        Assert.All(await Of(patient, new { limit = 100 }), e => Assert.Equal(ward.Patient, e.PatientId));
        Assert.Equal("VALIDATION_ERROR", (await ward.Admin.TryCall("list_audit_events", new { resource = "nonsense" })).Code);
    }

    [Theory]
    [InlineData("FORBIDDEN", """{"outcome": "FORBIDDEN"}""")]
    [InlineData("MISSING", """{"outcome": "MISSING"}""")]
    [InlineData("FORBIDDEN", """{"outcome": {"in": ["FORBIDDEN", "MISSING"]}}""")]
    public async Task An_administrator_finds_what_was_refused_in_the_whole_hospital(string outcome, string filter)
    {
        var (ward, _, patient) = await Shared.Value;
        var unknown = Guid.CreateVersion7();
        if (outcome == "MISSING") Assert.Equal("RESOURCE_NOT_FOUND", (await patient.TryCall("get_medical_record", new { record_id = unknown })).Code);
        else Assert.Equal("PERMISSION_DENIED", (await patient.TryCall("list_medical_records", new { patient_id = unknown })).Code);

        foreach (var administrator in new[] { ward.Admin, await ClinicFixture.LogIn("admin@medcor.example") })
        {
            var found = (await administrator.Get<Page<AuditEvent>>(
                $"/api/mcp/resources/audit_events?limit=100&filter={Uri.EscapeDataString(filter)}")).Results;
            Assert.Contains(found, e => EnumNames.Of(e.Outcome) == outcome && (e.ResourceId == unknown || e.PatientId == unknown));
            Assert.All(found, e => Assert.Contains(e.Outcome, (AuditOutcome[])[AuditOutcome.Forbidden, AuditOutcome.Missing]));
        }
    }

    [Fact]
    public async Task What_there_is_no_trail_of_is_refused_as_a_filter_in_the_same_words_by_tool_and_resource()
    {
        var (ward, _, _) = await Shared.Value;

        using var response = await ward.Admin.Http.GetAsync("/api/mcp/resources/audit_events?filter=" + Uri.EscapeDataString("""{"resource": "foo"}"""));

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal((await ward.Admin.TryCall("list_audit_events", new { resource = "foo" })).Details!["resource"]!.ToJsonString(),
            (await response.Content.ReadFromJsonAsync<JsonNode>())!["error"]!["details"]!["filter.resource"]!.ToJsonString());
    }

    [Fact]
    public async Task An_attempt_on_another_hospitals_record_is_audited_in_the_callers_hospital()
    {
        var (ward, doctor, patient) = await Shared.Value;
        var record = await Write(doctor, ward.Patient);
        var stranger = await ClinicFixture.LogIn("admin@riverside.example");
        Assert.Equal("RESOURCE_NOT_FOUND", (await stranger.TryCall("get_medical_record", new { record_id = record })).Code);

        var attempt = (await Of(stranger, new { resource_id = record })).Single();
        Assert.Equal((AuditOutcome.Missing, null), (attempt.Outcome, attempt.PatientId));
        Assert.Equal([AuditOutcome.Done], (await Of(patient, new { resource_id = record })).Select(e => e.Outcome));
    }

    [Fact]
    public async Task Days_are_those_of_the_hospital()
    {
        var (ward, doctor, patient) = await Shared.Value;
        var record = await Write(doctor, ward.Patient);
        var today = DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(DateTimeOffset.UtcNow, ward.Zone).DateTime);
        Assert.Single(await Of(patient,
            new { resource_id = record, date_from = ClinicFixture.FormatDate(today.AddDays(-1)), date_to = ClinicFixture.FormatDate(today) }));
        Assert.Empty(await Of(patient, new { resource_id = record, date_from = ClinicFixture.FormatDate(today.AddDays(1)) }));
        Assert.Empty(await Of(patient, new { resource_id = record, date_to = ClinicFixture.FormatDate(today.AddDays(-1)) }));
        Assert.Single(await Of(patient, new { resource_id = record, date_from = "0001-01-01", date_to = "9999-12-31" }));
        Assert.Empty(await Of(patient, new { resource_id = record, date_from = "9999-12-31" }));
        Assert.Equal("VALIDATION_ERROR", (await patient.TryCall("list_audit_events", new { date_from = "2026-02-02", date_to = "2026-02-01" })).Code);
    }

    /// <summary>
    /// Tests triggers for one user: one that fails simulates a full disk, and the others are what the owner of the database can do without an error.
    /// </summary>
    [Theory]
    [InlineData("RAISE disk_full;")]
    [InlineData("RETURN NULL;")]
    [InlineData("NEW.rows := 99; RETURN NEW;")]
    public async Task A_call_that_cannot_be_audited_is_neither_answered_nor_committed(string body)
    {
        var ward = await ClinicFixture.Open();
        var doctor = await ward.LogInDoctor();
        var record = await Write(doctor, ward.Patient);
        var house = await MedCorFixture.Get();
        await using var clinical = await house.OpenDatabase("clinical");
        var name = $"full_{Guid.NewGuid():N}";
        await Run(clinical, $"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN {body} END'");
        await Run(clinical, $"CREATE TRIGGER {name} BEFORE INSERT ON audit_events FOR EACH ROW WHEN (NEW.user_id = '{doctor.Id}') EXECUTE FUNCTION {name}()");
        try
        {
            var read = await doctor.TryCall("get_medical_record", new { record_id = record });
            Assert.Equal(("SERVER_ERROR", null), (read.Code, (string?)read.Body["title"]));
            Assert.Equal("SERVER_ERROR", (await doctor.TryCall("update_medical_record", new { record_id = record, title = "Changed" })).Code);
            Assert.Equal("SERVER_ERROR", (await doctor.TryCall("get_medical_record", new { record_id = Guid.NewGuid() })).Code);
        }
        finally
        {
            await Run(clinical, $"DROP TRIGGER {name} ON audit_events; DROP FUNCTION {name}()");
        }
        Assert.Equal(1, (await doctor.Call<MedicalRecord>("get_medical_record", new { record_id = record })).Version);
    }

    [Theory]
    [InlineData($"patient_id = {QueryPlan.UnknownId}", "audit_events_by_patient")]
    [InlineData($"user_id = {QueryPlan.UnknownId}", "audit_events_by_user")]
    [InlineData("resource = 'treatments'", "audit_events_by_resource")]
    [InlineData($"resource_id = {QueryPlan.UnknownId}", "audit_events_by_resource_id")]
    [InlineData("action = 'get_treatment'", "audit_events_by_action")]
    [InlineData("created_at >= now()", "audit_events_by_creation")]
    [InlineData("outcome = 'FORBIDDEN'", "audit_events_by_outcome")]
    [InlineData("outcome = 'DONE'", "audit_events_by_creation")]
    [InlineData("kind = 'SESSION'", "audit_events_by_kind")]
    public async Task Every_filter_has_its_index(string filter, string index)
    {
        Assert.Contains(index, await QueryPlan.UsedIndexes(
            $"SELECT * FROM audit_events WHERE hospital_id = {QueryPlan.UnknownId} AND {filter} ORDER BY created_at DESC LIMIT 20"));
    }

    [Fact]
    public async Task The_trail_of_the_running_house_is_whole_and_its_command_says_so()
    {
        var (ward, doctor, _) = await Shared.Value;
        var record = await Write(doctor, ward.Patient);
        var house = await MedCorFixture.Get();
        await Wait.Until(async () => await house.QueryNumber("clinical",
            "SELECT count(*) FROM audit_links l JOIN audit_events e ON e.id = l.event_id WHERE e.resource_id = $1", record) == 1, "the access is linked");

        var (code, said) = await house.RunOperatorCommand("clinical", "verify-audit");

        Assert.True(code == 0, said);
        Assert.Contains("The audit trail is whole.", said);
        Assert.Contains($"{ward.Admin.HospitalId}: ", said);
    }

    private static async Task<Participants> Open()
    {
        var ward = await ClinicFixture.Open();
        return new(ward, await ward.LogInDoctor(), await ward.LogInPatient());
    }

    private static async Task<IReadOnlyList<AuditEvent>> Of(ApiClient who, object filter) =>
        (await who.Call<Page<AuditEvent>>("list_audit_events", filter)).Results;

    private static async Task<Guid> Write(ApiClient author, Guid patient) => (await author.Call<MedicalRecord>("create_medical_record", Wish(patient))).Id;

    private static object Wish(Guid patient) =>
        new { patient_id = patient, title = "Secret title", record_type = "LAB_RESULT", description = "Secret findings" };

    private static async Task Run(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}

/// <summary>
/// Determines which indexes PostgreSQL uses when it cannot choose to scan a small table instead. The database has neither rows nor statistics: with the
/// statistics of a database in use, the planner would alternate between indexes of equal cost.
/// </summary>
internal static class QueryPlan
{
    private static readonly Lazy<Task<string>> Empty = new(async () =>
    {
        var database = await (await MedCorFixture.Get()).CreateDatabase();
        await new Migrator(typeof(MedCor.Clinical.ClinicalDb).Assembly, "clinical", NullLogger.Instance).MigrateAsync(database, CancellationToken.None);
        return database;
    });

    /// <summary>An ID that exists nowhere, as an SQL literal.</summary>
    public const string UnknownId = "'01980000-0000-7000-8000-000000000001'";

    public static async Task<string> UsedIndexes(string query)
    {
        await using var connection = new NpgsqlConnection(await Empty.Value);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand($"SET enable_seqscan = off; SET enable_sort = off; SET enable_bitmapscan = off; EXPLAIN {query}",
            connection);
        await using var reader = await command.ExecuteReaderAsync();
        var plan = new List<string>();
        while (await reader.ReadAsync()) plan.Add(reader.GetString(0));
        return string.Join('\n', plan);
    }
}
