using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using MedCor.Tests.EndToEnd;

namespace MedCor.Tests.Gateway.Surfaces;

public sealed class SseTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task What_happens_once_one_is_connected_is_heard_at_any_replica(int gateway)
    {
        var admin = await Client.Shared("admin@general.example");
        await using var listener = await Listener.Of(await Client.Shared("nurse@general.example"), gateway: gateway);

        var patient = await NewPatient(admin);

        var update = await listener.Next("patients", "created", patient);
        Assert.Equal(["type", "resource", "action", "data", "timestamp"], update.Data.AsObject().Select(f => f.Key));
        var registered = await listener.Next(h => h.Name == "patient_registered" && (string?)h.Data["id"] == patient.ToString());
        Assert.Equal("patient_registered", (string?)registered.Data["type"]);
        Assert.NotNull(registered.Data["last_name"]);
    }

    [Fact]
    public async Task The_answer_is_a_stream_that_nothing_on_the_way_holds_back()
    {
        await using var listener = await Listener.Of(await Client.Shared("nurse@general.example"));

        Assert.Equal("no-cache", listener.Response.Headers.CacheControl?.ToString());
        Assert.Equal("no", Assert.Single(listener.Response.Headers.GetValues("X-Accel-Buffering")));
        Assert.NotEmpty(listener.Response.Headers.GetValues("X-Request-Id"));
    }

    [Fact]
    public async Task Each_event_is_heard_once_in_order_and_under_an_id_of_its_own()
    {
        var admin = await Client.Shared("admin@general.example");
        await using var listener = await Listener.Of(await Client.Shared("nurse@general.example"));

        var patients = new List<Guid>();
        for (var i = 0; i < 5; i++) patients.Add(await NewPatient(admin));
        await listener.Next(h => h.Name == "patient_registered" && (string?)h.Data["id"] == patients[^1].ToString());

        var heard = listener.All.Where(h => h.Name == "patient_registered").Select(h => Guid.Parse((string)h.Data["id"]!)).Where(patients.Contains);
        Assert.Equal(patients, heard);
        Assert.Equal(listener.All.Count, listener.All.Select(h => h.Id).Distinct().Count());
    }

    [Fact]
    public async Task Another_hospital_hears_nothing_and_the_platform_hears_all()
    {
        var (general, riverside) = (await Client.Shared("admin@general.example"), await Client.Shared("admin@riverside.example"));
        await using var other = await Listener.Of(riverside);
        await using var platform = await Listener.Of(await Client.Shared("admin@medcor.example"));

        var (theirs, own) = (await NewPatient(general), await NewPatient(riverside));

        await other.Next("users", "created", own);
        await platform.Next("users", "created", theirs);
        await platform.Next("users", "created", own);
        Assert.DoesNotContain(theirs.ToString(), string.Join('\n', other.All.Select(h => h.Data.ToJsonString())), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_patient_hears_of_themselves_and_not_of_others()
    {
        var admin = await Client.Shared("admin@general.example");
        var (one, email) = await NewPatientWithEmail(admin);
        await using var listener = await Listener.Of(await Client.As(email, NewPassword));

        var another = await NewPatient(admin);
        await admin.Do("update_user", new { user_id = one, phone_number = "+49 30 5551234" });

        await listener.Next("users", "updated", one);
        Assert.DoesNotContain(another.ToString(), string.Join('\n', listener.All.Select(h => h.Data.ToJsonString())), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Narrowing_to_resources_leaves_the_others_out()
    {
        var admin = await Client.Shared("admin@general.example");
        await using var listener = await Listener.Of(admin, "resources=patients,doctors");

        var patient = await NewPatient(admin);

        await listener.Next(h => h.Name == "patient_registered" && (string?)h.Data["id"] == patient.ToString());
        Assert.DoesNotContain(listener.All, h => (string?)h.Data["resource"] == "users");
    }

    [Theory]
    [InlineData("resources=patient", "resources")]
    [InlineData("resources=", "resources")]
    [InlineData("resource=patients", "resource")]
    [InlineData("token=abc", "token")]
    public async Task What_cannot_be_meant_is_refused_by_name(string query, string field)
    {
        var nurse = await Client.Shared("nurse@general.example");

        using var response = await nurse.Http.GetAsync($"/api/mcp/sse?{query}");

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.NotNull((await response.Content.ReadFromJsonAsync<JsonNode>())!["error"]!["details"]![field]);
    }

    [Fact]
    public async Task A_ticket_opens_one_stream_at_any_replica_and_then_no_other()
    {
        var nurse = await Client.Shared("nurse@general.example");
        var issued = await Ticket(nurse);

        await using (var listener = await Listener.With(issued, gateway: 1))
        {
            var patient = await NewPatient(await Client.Shared("admin@general.example"));
            await listener.Next("patients", "created", patient);
        }

        Assert.Equal("AUTH_INVALID", await Refused($"ticket={issued}"));
    }

    [Fact]
    public async Task A_ticket_is_spent_once_however_many_come_with_it_at_the_same_time()
    {
        var issued = await Ticket(await Client.Shared("nurse@general.example"));
        var house = await RunningHouse.Get();
        using var http = new HttpClient { BaseAddress = house.Gateways[0] };

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => http.GetAsync($"/api/mcp/sse?ticket={issued}", HttpCompletionOption.ResponseHeadersRead)));

        Assert.Equal(1, answers.Count(a => a.StatusCode == HttpStatusCode.OK));
        Assert.Equal(7, answers.Count(a => a.StatusCode == HttpStatusCode.Unauthorized));
        foreach (var answer in answers) answer.Dispose();
    }

    [Fact]
    public async Task A_token_in_the_address_is_no_token()
    {
        var nurse = await Client.Shared("nurse@general.example");

        Assert.Equal("AUTH_REQUIRED", await Refused($"token={nurse.AccessToken}"));
        Assert.Equal("AUTH_REQUIRED", await Refused($"access_token={nurse.AccessToken}"));
        Assert.Equal("AUTH_INVALID", await Refused($"ticket={nurse.AccessToken}"));
        Assert.Equal("AUTH_INVALID", await Refused("ticket="));
    }

    [Fact]
    public async Task Who_logs_out_is_cut_off_within_seconds()
    {
        var (_, email) = await NewPatientWithEmail(await Client.Shared("admin@general.example"));
        var patient = await Client.As(email, NewPassword);
        await using var listener = await Listener.Of(patient);

        using var logout = await patient.Http.PostAsJsonAsync("/api/auth/logout/", new { refresh_token = patient.RefreshToken });

        Assert.True(logout.IsSuccessStatusCode);
        await listener.Ended(TimeSpan.FromSeconds(6));
    }

    private const string NewPassword = "Quite-long-and-rare-7141";

    private static async Task<Guid> NewPatient(Client admin) => (await NewPatientWithEmail(admin)).Id;

    private static async Task<(Guid Id, string Email)> NewPatientWithEmail(Client admin)
    {
        var email = $"sse-{Guid.NewGuid():N}@listeners.example";
        var user = await admin.Do("create_user", new { email, password = NewPassword, first_name = "Sina", last_name = "Event", role = "PATIENT", hospital_id = admin.HospitalId });
        return (Guid.Parse((string)user["id"]!), email);
    }

    private static async Task<string> Ticket(Client client)
    {
        using var response = await client.Http.PostAsync("/api/mcp/sse/ticket", null);
        var answer = (await response.Content.ReadFromJsonAsync<JsonNode>())!;
        Assert.Equal(60, (int)answer["expires_in"]!);
        return (string)answer["ticket"]!;
    }

    private static async Task<string?> Refused(string query)
    {
        var house = await RunningHouse.Get();
        using var http = new HttpClient { BaseAddress = house.Gateways[0] };
        using var response = await http.GetAsync($"/api/mcp/sse?{query}");
        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        return (string?)(await response.Content.ReadFromJsonAsync<JsonNode>())!["error"]!["code"];
    }
}
