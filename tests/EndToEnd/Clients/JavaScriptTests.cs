using System.Text.Json.Nodes;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;

namespace MedCor.Tests.EndToEnd.Clients;

/// <summary>Tests the published JavaScript clients.</summary>
public class JavaScriptTests
{
    private const string Password = "Demo-Medcor-2026";

    [Fact]
    public async Task Login_gives_a_token_with_which_a_tool_answers()
    {
        var result = await PublishedClient.Run("login.js", """
            const token = await login(email, password);
            return await callMCPTool(token, 'get_current_user', {});
            """, new { email = "doctor@general.example", password = Password });

        Assert.Equal("doctor@general.example", (string?)result["email"]);
    }

    [Fact]
    public async Task The_listener_hears_updates()
    {
        var (nurse, clinic) = (await ApiClient.LogInShared("nurse@general.example"), await ClinicFixture.GetSharedReadOnly());

        var result = await PublishedClient.Run("listening.js", Calling + """
            const heard = [];
            console.log = (what, data) => heard.push({ what, data });
            const eventSource = initSSEConnection(token);
            await connected;
            const booked = await callMCPTool(token, 'create_appointment', wish);
            await until(() => heard.some(h => h.what === 'Resource updated:' && h.data.data.id === booked.id));
            eventSource.close();
            return heard.find(h => h.data.data?.id === booked.id).data;
            """, new { token = nurse.AccessToken, wish = clinic.BookingRequest("09:00:00", clinic.Weekday(71)) });

        Assert.Equal(("appointments", "created"), ((string?)result["resource"], (string?)result["action"]));
    }

    [Fact]
    public async Task The_listener_hears_what_tools_answer_and_refuse()
    {
        var clinic = await ClinicFixture.GetSharedReadOnly();

        // Booked twice, so that the second booking is a conflict.
        var result = await PublishedClient.Run("listening.js", Calling + """
            const heard = [];
            console.log = console.error = (what, data) => heard.push({ what, data });
            const eventSource = initSSEConnection(token);
            await connected;
            const doctor = await callMCPTool(token, 'get_doctor_details', { doctor_id: wish.doctor_id });
            await callMCPTool(token, 'create_appointment', wish);
            await callMCPTool(token, 'create_appointment', wish);
            const answer = () => heard.find(h => h.what === 'Tool response:' && h.data.tool === 'get_doctor_details')?.data;
            const unsaid = () => heard.find(h => h.what === 'Tool response:' && h.data.tool === 'create_appointment')?.data;
            const refusal = () => heard.find(h => h.what === 'Error:' && h.data.details.tool === 'create_appointment')?.data;
            await until(() => answer() && unsaid() && refusal());
            eventSource.close();
            return { doctor, answer: answer(), unsaid: unsaid(), refusal: refusal() };
            """, new { token = (await clinic.LogInDoctor()).AccessToken, wish = clinic.BookingRequest("10:00:00", clinic.Weekday(71)) });

        Assert.True(JsonNode.DeepEquals(result["doctor"], result["answer"]!["result"]), result.ToJsonString());
        // A copy of a response with clinical content omits the result.
        Assert.Null(result["unsaid"]!["result"]);
        Assert.True((bool)result["unsaid"]!["result_omitted"]!);
        Assert.StartsWith("CONFLICT: ", (string?)result["refusal"]!["error"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_booking_client_books()
    {
        var clinic = await ClinicFixture.Open();
        var doctor = await clinic.LogInDoctor();

        var result = await PublishedClient.Run("booking.js", "return (await client.invokeTool('list_appointments', {doctor_id: doctor})).results;",
            new { authToken = doctor.AccessToken, doctor = doctor.Id },
            ("patient-uuid", clinic.Patient.ToString()), ("doctor-uuid", doctor.Id.ToString()), ("2025-02-01", clinic.Weekday()));

        var booked = Assert.Single(result.AsArray())!;
        Assert.Equal((clinic.Patient.ToString(), clinic.Weekday(), "14:00:00", "SCHEDULED"),
            ((string?)booked["patient_id"], (string?)booked["appointment_date"], (string?)booked["appointment_time"], (string?)booked["status"]));
        var record = Assert.Single((await doctor.Call<Page<MedicalRecord>>("list_medical_records", new { patient_id = clinic.Patient })).Results);
        Assert.Equal(($"Appointment - {clinic.Weekday()}", RecordType.Appointment), (record.Title, record.RecordType));
    }

    [Fact]
    public async Task The_dashboard_shows_figures_and_counts_on()
    {
        var clinic = await ClinicFixture.Open();

        // The page adds the rendering that the published class leaves to the reader.
        var result = await PublishedClient.Run("dashboard.js", """
            const shown = { drawn: [] };
            for (const widget of ['renderAppointmentWidget', 'renderPatientWidget', 'updateAppointmentDisplay', 'updatePatientDisplay', 'updateDoctorDisplay'])
              HealthcareDashboard.prototype[widget] = () => shown.drawn.push(widget);
            await connected;
            await until(() => document.getElementById('dashboard').innerHTML);
            shown.page = document.getElementById('dashboard').innerHTML;
            shown.before = { ...dashboard.stats };
            await fetch('/api/mcp/tools/invoke', {
              method: 'POST',
              headers: { 'Authorization': `Bearer ${authToken}`, 'Content-Type': 'application/json' },
              body: JSON.stringify({ tool: 'create_appointment', params: wish })
            });
            await until(() => dashboard.stats.todayAppointments > shown.before.todayAppointments);
            await until(() => shown.drawn.includes('renderAppointmentWidget') && shown.drawn.includes('updateAppointmentDisplay'));
            shown.after = dashboard.stats;
            return shown;
            """, new { authToken = clinic.Admin.AccessToken, hospitalId = clinic.Admin.HospitalId,
                wish = clinic.BookingRequest("11:00:00", clinic.Weekday(2)) });

        foreach (var figure in (string[])["totalPatients", "todayAppointments", "activeDoctors"]) Assert.True((int)result["before"]![figure]! >= 0, figure);
        Assert.True((int)result["before"]!["totalPatients"]! > 0);
        Assert.True((int)result["before"]!["activeDoctors"]! > 0);
        Assert.Matches(@"Revenue This Month</h3>\s*<p>\$\d+\.\d\d</p>", (string)result["page"]!);
        Assert.DoesNotContain("undefined", (string)result["page"]!, StringComparison.Ordinal);
        Assert.True((int)result["after"]!["todayAppointments"]! > (int)result["before"]!["todayAppointments"]!);
    }

    [Fact]
    public async Task The_error_handler_tells_each_code_apart()
    {
        var session = await ApiClient.LogIn("nurse@general.example");

        var result = await PublishedClient.Run("errors.js", """
            let current = 'not-a-token', waited = [];
            const told = [], refreshes = [];
            const getToken = () => current;
            const refreshToken = async () => {
              const answer = await (await fetch('/api/auth/refresh/',
                { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ refresh_token: refresh }) })).json();
              current = answer.access_token;
              refreshes.push(Object.keys(answer));
            };
            const showError = text => told.push(text), showValidationErrors = details => told.push(details), delay = async ms => waited.push(ms);
            const me = await MCPErrorHandler.handleMCPRequest('get_current_user', {});
            const codes = [];
            for (const [tool, params] of [['delete_hospital', { hospital_id: me.hospital_id }], ['get_user', { user_id: 'x' }],
                ['get_user', { user_id: nobody }]])
              await MCPErrorHandler.handleMCPRequest(tool, params).catch(error => codes.push([error.code, error.message, error.timestamp]));
            return { me, refreshes, codes, told };
            """, new { refresh = session.RefreshToken, nobody = Guid.CreateVersion7() });

        Assert.Equal("nurse@general.example", (string?)result["me"]!["email"]);
        Assert.Single(result["refreshes"]!.AsArray());
        Assert.Equal(["PERMISSION_DENIED", "VALIDATION_ERROR", "RESOURCE_NOT_FOUND"], result["codes"]!.AsArray().Select(c => (string?)c![0]));
        Assert.All(result["codes"]!.AsArray(), c => Assert.True(DateTimeOffset.TryParse((string?)c![2], out _)));
        Assert.NotNull(result["told"]![1]!["user_id"]);
    }

    [Fact]
    public async Task The_cache_asks_once()
    {
        var patient = await ApiClient.LogInShared("patient@general.example");

        var result = await PublishedClient.Run("cache.js", Calling + """
            let asked = 0;
            const invokeTool = (tool, params) => { asked++; return callMCPTool(token, tool, params); };
            const [first, second] = [await getCachedDoctorList(hospital), await getCachedDoctorList(hospital)];
            return { asked, same: first === second, doctors: first.results.length };
            """, new { token = patient.AccessToken, hospital = patient.HospitalId });

        Assert.Equal((1, true), ((int)result["asked"]!, (bool)result["same"]!));
        Assert.True((int)result["doctors"]! > 0);
    }

    [Fact]
    public async Task The_batch_client_gets_each_answer_where_it_asked()
    {
        var nurse = await ApiClient.LogInShared("nurse@general.example");

        var result = await PublishedClient.Run("batch.js", """
            const client = new MCPBatchClient(token);
            const outcomes = Array.from({ length: 25 },
              (_, i) => client.addToQueue(i % 5 ? 'get_user' : 'delete_hospital', i % 5 ? { user_id: me } : { hospital_id: me }));
            return (await Promise.allSettled(outcomes)).map(o => o.value?.id ?? o.reason.code);
            """, new { token = nurse.AccessToken, me = nurse.Id });

        Assert.Equal(Enumerable.Range(0, 25).Select(i => i % 5 == 0 ? "PERMISSION_DENIED" : nurse.Id.ToString()), result.AsArray().Select(r => (string?)r));
    }

    /// <summary>Gets the published function that calls a tool, for clients that are published without it.</summary>
    private static string Calling => File.ReadAllText(Path.Combine(MedCorFixture.RepositoryRoot(), "tests/EndToEnd/Clients/login.js"));
}
