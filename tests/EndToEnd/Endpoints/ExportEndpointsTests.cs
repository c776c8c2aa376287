using System.Net;
using System.Text.Json.Nodes;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;

namespace MedCor.Tests.EndToEnd.Endpoints;

/// <summary>Tests who may export whose data, and that an export contains everything.</summary>
public class ExportEndpointsTests
{
    [Fact]
    public async Task A_patient_exports_everything_about_themselves_and_the_trail_tells_it()
    {
        var ward = await ClinicFixture.Open();
        var (doctor, patient) = (await ward.LogInDoctor(), await ward.LogInPatient());
        var visit = await ward.Book("09:00:00");
        var record = await doctor.Call<MedicalRecord>("create_medical_record",
            new { patient_id = ward.Patient, title = "Checkup", record_type = "CHECKUP", diagnosis = "Asthma" });
        await doctor.Call("update_medical_record", new { record_id = record.Id, diagnosis = "Bronchitis", reason = "Spirometry" });
        var treatment = await doctor.Call<Treatment>("create_treatment", new { patient_id = ward.Patient, doctor_id = ward.Doctor, name = "Inhaler" });
        var session = await PromptClient.Start(patient, "appointment_booking");

        var (response, rows) = await Export(patient, $"users/{ward.Patient}");

        Assert.Equal((HttpStatusCode.OK, "application/x-ndjson"), (response.StatusCode, response.Content.Headers.ContentType?.MediaType));
        Assert.Equal((true, rows.Count - 1L), ((bool)rows[^1]["complete"]!, (long)rows[^1]["rows"]!));
        Assert.Equal(ward.Patient, (Guid)Assert.Single(Of(rows, "identity", "users"))["id"]!);
        var appointment = Assert.Single(Of(rows, "clinical", "appointments"));
        Assert.Equal((visit.Id, "Regular checkup"), ((Guid)appointment["id"]!, (string?)appointment["reason"]));
        Assert.Equal("Bronchitis", (string?)Assert.Single(Of(rows, "clinical", "medical_records"))["diagnosis"]);
        Assert.Equal(["Asthma", "Bronchitis"], Of(rows, "clinical", "medical_record_versions").Select(v => (string?)v["diagnosis"]));
        Assert.Equal(treatment.Id, (Guid)Assert.Single(Of(rows, "clinical", "treatments"))["id"]!);
        Assert.Contains(Of(rows, "clinical", "audit_events"), e => (Guid?)e["user_id"] == ward.Doctor);
        Assert.Contains(Of(rows, "chat", "prompt_sessions"), s => (Guid)s["id"]! == session.Id);
        Assert.NotEmpty(Of(rows, "identity", "sessions"));
        // Neither secrets nor from where others have read.
        Assert.DoesNotContain(rows.SelectMany(line => line["row"]?.AsObject() ?? []).Select(column => column.Key),
            name => name.Contains("hash", StringComparison.Ordinal) || name.Contains("secret", StringComparison.Ordinal) || name == "client_address");

        var trail = await patient.Call<Page<AuditEvent>>("list_audit_events", new { resource = "exports" });
        Assert.All(trail.Results, e => Assert.Equal(((Guid?)ward.Patient, "export_user", AuditOutcome.Done), (e.UserId, e.Action, e.Outcome)));
        Assert.Contains(trail.Results, e => e.Rows > 1);
    }

    [Fact]
    public async Task An_administrator_exports_a_users_data_without_what_is_the_users_alone()
    {
        var ward = await ClinicFixture.Open();
        var patient = await ward.LogInPatient();
        await PromptClient.Start(patient, "appointment_booking");

        var (_, rows) = await Export(ward.Admin, $"users/{ward.Patient}");

        Assert.True((bool)rows[^1]["complete"]!);
        Assert.Single(Of(rows, "identity", "users"));
        Assert.DoesNotContain(rows, line => (string?)line["service"] == "chat" || (string?)line["table"] == "sessions");
    }

    [Fact]
    public async Task The_export_of_a_hospital_has_all_of_it_page_by_page_and_nothing_of_another()
    {
        var (house, ward) = (await MedCorFixture.Get(), await ClinicFixture.OpenHospital("Europe/Berlin"));
        // More rows than three pages have, with a key of three columns.
        const int many = 350;
        Assert.Equal(many, await house.QueryNumber("clinical", """
            WITH added AS (
                INSERT INTO former_schedules (hospital_id, doctor_id, version, valid_from, timetable, created_at, updated_at)
                SELECT $1, $2, n, date '2020-01-01', '{"slot_minutes": 30, "working_hours": [], "breaks": [], "exceptions": []}'::jsonb,
                    now(), now()
                FROM generate_series(1, $3) n RETURNING 1)
            SELECT count(*) FROM added
            """, ward.Admin.HospitalId!.Value, ward.Doctor, many));
        for (var i = 0; i < 8; i++) await ward.Book($"{9 + i:00}:00:00");
        var patients = await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => ward.CreatePatient()));

        var (_, rows) = await Export(ward.Admin, "hospital");

        Assert.True((bool)rows[^1]["complete"]!);
        Assert.Equal(8, Of(rows, "clinical", "appointments").Count());
        Assert.Equal(Enumerable.Range(1, many), Of(rows, "clinical", "former_schedules").Select(s => (int)s["version"]!));
        Assert.Empty(patients.Append(ward.Doctor).Append(ward.Patient).Append(ward.Admin.Id)
            .Except(Of(rows, "identity", "users").Select(u => (Guid)u["id"]!)));
        Assert.Single(Of(rows, "hospital", "hospitals"));
        Assert.DoesNotContain(rows.SkipLast(1), line => (Guid?)line["row"]!["hospital_id"] is { } hospital && hospital != ward.Admin.HospitalId);
        Assert.DoesNotContain(rows, line => (string?)line["service"] == "chat" && (string?)line["table"] != "chat_policies");
    }

    [Fact]
    public async Task Nobody_else_exports_anything_and_the_attempt_is_recorded()
    {
        var (ward, other) = (await ClinicFixture.Open(), await ClinicFixture.Open("riverside"));
        var (doctor, patient) = (await ward.LogInDoctor(), await ward.LogInPatient());
        var platform = await ClinicFixture.LogIn("admin@medcor.example");

        foreach (var (who, what) in ((ApiClient, string)[])[(doctor, $"users/{ward.Patient}"), (patient, $"users/{ward.Doctor}"), (doctor, "hospital"),
            (patient, "hospital"), (platform, "hospital"), (platform, $"users/{ward.Patient}")])
            Assert.Equal(HttpStatusCode.Forbidden, (await Export(who, what)).Response.StatusCode);
        foreach (var unknown in (Guid[])[Guid.NewGuid(), other.Patient])
            Assert.Equal(HttpStatusCode.NotFound, (await Export(ward.Admin, $"users/{unknown}")).Response.StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await Export(ward.Admin, "users/me")).Response.StatusCode);

        await Wait.Until(async () =>
            (await ward.Admin.Call<Page<AuditEvent>>("list_audit_events", new { user_id = ward.Doctor, resource = "exports" })).Results
                .Any(e => (e.PatientId, e.Outcome) == (ward.Patient, AuditOutcome.Forbidden)), "the refused attempt is recorded");
    }

    [Fact]
    public async Task A_token_with_scopes_exports_nothing()
    {
        var ward = await ClinicFixture.Open();
        var limited = await ApiClient.LogIn(ward.PatientEmail, ClinicFixture.Password, scope: "medcor.read medcor.clinical");

        Assert.Equal(HttpStatusCode.Forbidden, (await Export(limited, $"users/{ward.Patient}")).Response.StatusCode);
    }

    private static IEnumerable<JsonNode> Of(IEnumerable<JsonNode> rows, string service, string table) =>
        rows.Where(line => (string?)line["service"] == service && (string?)line["table"] == table).Select(line => line["row"]!);

    private static async Task<(HttpResponseMessage Response, IReadOnlyList<JsonNode> Rows)> Export(ApiClient user, string what)
    {
        var response = await user.Http.PostAsync(new Uri($"/api/mcp/exports/{what}", UriKind.Relative), null);
        var text = await response.Content.ReadAsStringAsync();
        return response.IsSuccessStatusCode
            ? (response, [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!)])
            : (response, []);
    }
}
