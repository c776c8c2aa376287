using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using MedCor.Contracts.Identity;

namespace MedCor.Tests.EndToEnd;

public class TraceTests
{
    [Fact]
    public async Task One_booking_is_one_trace_from_the_gateway_to_every_consumer()
    {
        var system = await MedCorFixture.Get();
        var clinic = await ClinicFixture.Open("riverside");

        using var response = await clinic.Nurse.Http.PostAsJsonAsync("/api/mcp/tools/invoke",
            new { tool = "create_appointment", @params = clinic.BookingRequest("09:30:00") });
        Assert.True(response.IsSuccessStatusCode);
        var trace = response.Headers.GetValues("traceparent").Single().Split('-')[1];

        Span[] Spans() => [.. system.Telemetry.Spans.Where(s => s.TraceId == trace)];
        await Wait.Until(() => Task.FromResult(
                Spans() is var spans && spans.Any(s => s.Service == "gateway" && s.Kind == 2) && spans.Any(s => s.Service == "clinical" && s.Kind == 2)
                && spans.Any(s => s.Service == "analytics" && s.Kind == 5) && spans.Any(s => s.Service == "gateway" && s.Kind == 5)
                && spans.Any(s => s.Service == "clinical" && s.Kind == 3)),
            "the trace has the gateway's and Clinical's server spans, Clinical's SQL, and the consumers of Analytics and of the gateway",
            explain: () => string.Join('\n', Spans().Select(s => $"{s.Service} {s.Kind} {s.Name}")));

        // One tree: every span but the first has its parent in the same trace.
        await Wait.Until(() => Task.FromResult(Spans() is var spans && spans.Count(s => s.ParentId.Length == 0) == 1
            && spans.All(s => s.ParentId.Length == 0 || spans.Any(p => p.SpanId == s.ParentId))),
            "every span has its parent", explain: () => string.Join('\n', Spans().Select(s => $"{s.Service} {s.Name} {s.SpanId} <- {s.ParentId}")));
    }

    [Fact]
    public async Task A_client_can_neither_keep_a_call_out_of_the_traces_nor_choose_its_trace_and_the_one_it_names_is_linked()
    {
        var system = await MedCorFixture.Get();
        var nurse = await ApiClient.LogInShared("nurse@general.example");
        const string Theirs = "4bf92f3577b34da6a3ce929d0e0e4736";
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/mcp/resources/specialties?limit=1");
        request.Headers.Add("traceparent", $"00-{Theirs}-00f067aa0ba902b7-00");
        request.Headers.Add("tracestate", "theirs=1");
        request.Headers.Add("baggage", "theirs=1");

        using var response = await nurse.Http.SendAsync(request);

        var trace = response.Headers.GetValues("traceparent").Single().Split('-')[1];
        Assert.NotEqual(Theirs, trace);
        await Wait.Until(() => Task.FromResult(system.Telemetry.Spans.Any(s => s.TraceId == trace && s.Service == "gateway" && s.Kind == 2)
            && system.Telemetry.Spans.Any(s => s.TraceId == trace && s.Service == "identity")), "the call is traced, in the gateway and beyond");
        Assert.DoesNotContain(system.Telemetry.Spans, s => s.TraceId == Theirs);
        Assert.Contains(system.Telemetry.Bodies, body => body.AsSpan().IndexOf(Convert.FromHexString(Theirs)) >= 0);
        Assert.DoesNotContain(system.Telemetry.Bodies, body => body.AsSpan().IndexOf("theirs=1"u8) >= 0);
    }

    [Fact]
    public async Task Exported_telemetry_holds_no_token_password_or_patient_data()
    {
        var system = await MedCorFixture.Get();
        var clinic = await ClinicFixture.Open("general");
        var nurse = clinic.Nurse;
        var secret = $"Zyxw{Guid.NewGuid():N}";
        var email = $"{secret}@general.example";
        var patient = await nurse.Call<User>("create_user",
            new { email, password = "SecurePass123!", first_name = secret, last_name = secret, role = "PATIENT", hospital_id = nurse.HospitalId });
        await nurse.Call("create_appointment", new
        {
            patient_id = patient.Id, doctor_id = clinic.Doctor, appointment_date = clinic.Weekday(), appointment_time = "09:00:00",
            reason = secret, notes = secret
        });
        // Refused by the service, by a constraint, and by the gateway.
        Assert.Equal("RESOURCE_NOT_FOUND", (await nurse.TryCall("create_appointment", new
        {
            patient_id = patient.Id, doctor_id = Guid.NewGuid(), appointment_date = clinic.Weekday(), appointment_time = "09:00:00", reason = secret
        })).Code);
        Assert.Equal("CONFLICT", (await nurse.TryCall("create_user",
            new { email, password = "SecurePass123!", first_name = secret, last_name = secret, role = "PATIENT", hospital_id = nurse.HospitalId })).Code);
        Assert.Equal("VALIDATION_ERROR", (await nurse.TryCall("create_appointment", new { patient_id = secret })).Code);
        Assert.Equal("VALIDATION_ERROR", (await nurse.TryCall(secret)).Code);
        // In an address, and over open connections.
        using (await nurse.Http.GetAsync($$$"""/api/mcp/resources/users?limit=5&filter={"email":{"in":["{{{email}}}"]}}""")) { }
        using (await nurse.Http.GetAsync($"/api/mcp/resources/patients?{secret}=x")) { }
        using (await nurse.Http.PostAsync($"/api/mcp/tools/{secret}", null)) { }
        foreach (var path in (string[])["/api/mcp/resources/patients/", "/api/mcp/resources/", "/api/mcp/prompts/sessions/", "/mcp/stream/",
            "/api/auth/", "/api/docs/"])
            using (await nurse.Http.GetAsync(path + secret)) { }
        using var issued = await nurse.Http.PostAsync("/api/mcp/sse/ticket", null);
        var ticket = (string)(await issued.Content.ReadFromJsonAsync<JsonNode>())!["ticket"]!;
        await using (await SseClient.ConnectWithTicket(ticket)) { }
        await using (var socket = await WebSocketClient.ConnectAs(nurse))
        {
            await socket.SendText($$"""{"type":"{{secret}}"}""");
            await socket.Next("error");
            await socket.Call("create_appointment", new { patient_id = secret });
            await socket.Call(secret);
        }
        var before = system.Telemetry.Bodies.Count;
        await nurse.Call("list_doctors");
        await Wait.Until(() => Task.FromResult(system.Telemetry.Bodies.Count > before + 20), "the services have exported what happened until then");

        foreach (var forbidden in new[] { secret, ticket, nurse.AccessToken, nurse.RefreshToken, "Demo-Medcor-2026", "SecurePass123!" })
        {
            var bytes = Encoding.UTF8.GetBytes(forbidden);
            var told = system.Telemetry.Bodies.Select(body => (Body: body, At: body.AsSpan().IndexOf(bytes))).Where(found => found.At >= 0)
                .Select(found => Encoding.UTF8.GetString(found.Body.AsSpan()[Math.Max(0, found.At - 100)..Math.Min(found.Body.Length, found.At + 100)]));
            Assert.Empty(told);
        }
    }
}
