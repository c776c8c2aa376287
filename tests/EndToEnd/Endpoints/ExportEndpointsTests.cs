using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.JsonWebTokens;

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
    public async Task An_export_by_an_administrator_has_restricted_records_and_is_told_and_recorded_with_its_tables()
    {
        var ward = await ClinicFixture.OpenHospital("Europe/Berlin");
        var doctor = await ward.LogInDoctor();
        var record = await doctor.Call<MedicalRecord>("create_medical_record",
            new { patient_id = ward.Patient, title = "Confidential", record_type = "CONSULTATION", restricted = true });
        Assert.NotEqual("Confidential", (string?)(await ward.Admin.Call("get_medical_record", new { record_id = record.Id }))["title"]);
        await using var listener = await SseClient.Connect(ward.Admin, "resources=audit_events");

        var (_, rows) = await Export(ward.Admin, $"users/{ward.Patient}");

        Assert.Equal("Confidential", (string?)Assert.Single(Of(rows, "clinical", "medical_records"))["title"]);
        var alert = (await listener.Next(e => e.Name == "audit_alert")).Data;
        Assert.Equal(("EXPORT", $"{ward.Admin.Id}"), ((string?)alert["rule"], (string?)alert["subject_id"]));
        var pages = (await ward.Admin.Call<Page<AuditEvent>>("list_audit_events", new { resource = "exports", patient_id = ward.Patient })).Results;
        Assert.Contains(pages, e => e.Service == "clinical" && e.Fields?.Contains("medical_records") == true);
    }

    [Fact]
    public async Task Where_a_hospital_requires_a_recent_login_nobody_exports_with_an_older_one()
    {
        var here = await StepUpFixture.Create();

        foreach (var what in (string[])["hospital", $"users/{here.Hospital.Patient}"])
        {
            using var refused = await here.Stale.Http.PostAsync(new Uri($"/api/mcp/exports/{what}", UriKind.Relative), null);
            Assert.Equal((HttpStatusCode.Unauthorized, "AUTH_STEP_UP"), (refused.StatusCode, (await refused.ReadError()).Code));
            Assert.Equal(StepUpFixture.Challenge(StepUpFixture.Minutes), refused.Headers.WwwAuthenticate.ToString());
            Assert.True((bool)(await Export(here.Fresh, what)).Rows[^1]["complete"]!);
        }
    }

    [Fact]
    public async Task A_program_exports_nobody_elses_data()
    {
        var ward = await ClinicFixture.Open();
        var program = await ServiceAccountClient.Create(role: "ADMIN");
        using var http = await TestUser.CreateAnonymousClient();
        http.DefaultRequestHeaders.Authorization = new("Bearer", program.Key.ApiKey);

        foreach (var what in (string[])["hospital", $"users/{ward.Patient}"])
        {
            using var refused = await http.PostAsync(new Uri($"/api/mcp/exports/{what}", UriKind.Relative), null);
            Assert.Equal((HttpStatusCode.Forbidden, "Only users who have logged in themselves export the data of others."),
                (refused.StatusCode, (await refused.ReadError()).Message));
        }
    }

    [Fact]
    public async Task A_token_with_scopes_exports_nothing()
    {
        var ward = await ClinicFixture.Open();
        var limited = await ApiClient.LogIn(ward.PatientEmail, ClinicFixture.Password, scope: "medcor.read medcor.clinical");

        Assert.Equal(HttpStatusCode.Forbidden, (await Export(limited, $"users/{ward.Patient}")).Response.StatusCode);
    }

    [Fact]
    public async Task An_export_that_takes_longer_than_its_token_lives_is_complete()
    {
        var user = await TestUser.Create();
        // A second Identity on the same database, whose tokens live for seconds.
        await using var brief = await ServiceProcess.StartService("identity", ("MCP_JWT_EXPIRY", "20"));
        var received = new ConcurrentQueue<string>();
        var expiry = DateTime.MaxValue;
        await using var hospital = await StartService(async http =>
        {
            received.Enqueue(http.Request.Headers.Authorization.ToString());
            var isFirst = received.Count == 1;
            // The first page takes half of the token's time, and the second one the rest of it.
            var until = isFirst ? expiry.AddSeconds(-9) : expiry.AddSeconds(1);
            await WaitUntil(until);
            if (isFirst) await http.Response.WriteAsync(NextPage);
        });
        await using var gateway = await StartGateway(hospital);
        var token = await ReadToken();
        expiry = new JsonWebToken(token).ValidTo;

        var (_, rows) = await Export(LogIn(gateway, token, user.Id), $"users/{user.Id}");

        Assert.True((bool)rows[^1]["complete"]!, rows[^1].ToJsonString());
        Assert.Equal(2, received.Count);
        Assert.NotEqual($"Bearer {token}", received.Last());

        static Task WaitUntil(DateTime time) => Wait.Until(() => Task.FromResult(DateTime.UtcNow > time), "the token is old");

        async Task<string> ReadToken()
        {
            using var login = await brief.Post(null, "/api/auth/login", new { email = user.Email, password = user.Password });
            return (await login.Content.ReadFromJsonAsync<JsonNode>())!.AccessToken();
        }
    }

    [Fact]
    public async Task An_export_that_cannot_go_on_says_in_its_last_line_that_it_is_incomplete()
    {
        var user = await TestUser.Create();
        var client = await user.LogIn();
        (int Status, string Code)[] failures = [(401, "AUTH_INVALID"), (403, "PERMISSION_DENIED"), (500, "SERVER_ERROR"), (503, "SERVER_ERROR")];
        var (failing, isFirst) = (0, true);
        await using var hospital = await StartService(async http =>
        {
            if (isFirst) await http.Response.WriteAsync(NextPage);
            else http.Response.StatusCode = failing;
            isFirst = false;
        });
        await using var gateway = await StartGateway(hospital);
        var here = LogIn(gateway, client.AccessToken, user.Id);

        foreach (var (status, code) in failures)
        {
            (failing, isFirst) = (status, true);
            var (response, rows) = await Export(here, $"users/{user.Id}");

            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            Assert.Equal((false, rows.Count - 1L, code),
                ((bool)rows[^1]["complete"]!, (long)rows[^1]["rows"]!, (string?)rows[^1]["error"]!["code"]));
            Assert.EndsWith("The export is incomplete; repeat it from the beginning.", (string?)rows[^1]["error"]!["message"], StringComparison.Ordinal);
        }
    }

    /// <summary>What a service answers that has no row yet, but a further page.</summary>
    private const string NextPage = """{"table":"departments","key":null}""";

    /// <summary>Starts a service that answers requests for pages as a test wants it.</summary>
    private static async Task<WebApplication> StartService(RequestDelegate answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var service = builder.Build();
        service.Run(http => http.Request.Path == ExportPage.Path ? answer(http) : Task.CompletedTask);
        await service.StartAsync();
        return service;
    }

    /// <summary>Starts a gateway that takes a service of a test for Hospital.</summary>
    private static Task<ServiceProcess> StartGateway(WebApplication hospital) =>
        ServiceProcess.Start(("services__hospital__http__0", hospital.Urls.Single()), ("services__hospital__http__1", null));

    private static ApiClient LogIn(ServiceProcess gateway, string token, Guid user)
    {
        gateway.Http.DefaultRequestHeaders.Authorization = new("Bearer", token);
        return new(gateway.Http, token, "", user, hospitalId: null);
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
