using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using MedCor.Contracts;
using MedCor.Contracts.Identity;

namespace MedCor.Tests.EndToEnd.LiveEvents;

public sealed class SseEndpointTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Events_after_connecting_are_delivered_at_any_replica(int gateway)
    {
        var admin = await ApiClient.LogInShared("admin@general.example");
        await using var listener = await SseClient.Connect(await ApiClient.LogInShared("nurse@general.example"), gateway: gateway);

        var patient = await NewPatient(admin);

        var update = await listener.Next("patients", "created", patient);
        Assert.Equal(["type", "resource", "action", "data", "timestamp"], update.Data.AsObject().Select(f => f.Key));
        var registered = await listener.Next(h => h.Name == "patient_registered" && h.EntityId == patient);
        Assert.Equal("patient_registered", (string?)registered.Data["type"]);
        Assert.NotNull(registered.Data["last_name"]);
    }

    [Fact]
    public async Task The_answer_is_a_stream_that_nothing_on_the_way_holds_back()
    {
        await using var listener = await SseClient.Connect(await ApiClient.LogInShared("nurse@general.example"));

        Assert.Equal("no-cache", listener.Response.Headers.CacheControl?.ToString());
        Assert.Equal("no", Assert.Single(listener.Response.Headers.GetValues("X-Accel-Buffering")));
        Assert.NotEmpty(listener.Response.Headers.GetValues("X-Request-Id"));
    }

    [Fact]
    public async Task Each_event_is_heard_once_in_order_and_under_an_id_of_its_own()
    {
        var admin = await ApiClient.LogInShared("admin@general.example");
        await using var listener = await SseClient.Connect(await ApiClient.LogInShared("nurse@general.example"));

        var patients = new List<Guid>();
        for (var i = 0; i < 5; i++) patients.Add(await NewPatient(admin));
        await listener.Next(h => h.Name == "patient_registered" && h.EntityId == patients[^1]);

        var heard = listener.Events.Where(h => h.Name == "patient_registered").Select(h => h.EntityId!.Value).Where(patients.Contains);
        Assert.Equal(patients, heard);
        Assert.Equal(listener.Events.Count, listener.Events.Select(h => h.Id).Distinct().Count());
    }

    [Theory]
    [InlineData("nurse@general.example", "invoices,patients,subscriptions", "invoices subscriptions")]
    [InlineData("patient@general.example", "triage", "triage")]
    [InlineData("admin@medcor.example", "triage,users", "triage")]
    public async Task A_forbidden_resource_filter_is_refused_naming_the_allowed_ones(string who, string resources, string closed)
    {
        var client = await ApiClient.LogInShared(who);

        using var response = await client.Http.GetAsync($"/api/mcp/sse?resources={resources}");
        var error = (await response.Content.ReadFromJsonAsync<JsonNode>())!["error"]!;

        Assert.Equal((HttpStatusCode.Forbidden, "PERMISSION_DENIED"), (response.StatusCode, (string?)error["code"]));
        Assert.Equal(closed, string.Join(' ', error["details"]!["resources"]!.AsArray().Select(r => (string?)r)));
        var message = (string?)error["message"];
        Assert.StartsWith($"Your role may not subscribe to {closed.Replace(" ", ", ", StringComparison.Ordinal)}. Available resources: ", message,
            StringComparison.Ordinal);
        Assert.Contains(" appointments, ", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_hospital_hears_nothing_and_the_platform_hears_all()
    {
        var (general, riverside) = (await ApiClient.LogInShared("admin@general.example"), await ApiClient.LogInShared("admin@riverside.example"));
        await using var other = await SseClient.Connect(riverside);
        await using var platform = await SseClient.Connect(await ApiClient.LogInShared("admin@medcor.example"));

        var (theirs, own) = (await NewPatient(general), await NewPatient(riverside));

        await other.Next("users", "created", own);
        await platform.Next("users", "created", theirs);
        await platform.Next("users", "created", own);
        Assert.DoesNotContain(theirs.ToString(), string.Join('\n', other.Events.Select(h => h.Data.ToJsonString())), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_patient_hears_of_themselves_and_not_of_others()
    {
        var admin = await ApiClient.LogInShared("admin@general.example");
        var (one, email) = await NewPatientWithEmail(admin);
        await using var listener = await SseClient.Connect(await ApiClient.LogIn(email, NewPassword));

        var another = await NewPatient(admin);
        await admin.Call("update_user", new { user_id = one, phone_number = "+49 30 5551234" });

        await listener.Next("users", "updated", one);
        Assert.DoesNotContain(another.ToString(), string.Join('\n', listener.Events.Select(h => h.Data.ToJsonString())), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Narrowing_to_resources_leaves_the_others_out()
    {
        var admin = await ApiClient.LogInShared("admin@general.example");
        await using var listener = await SseClient.Connect(admin, "resources=patients,doctors");

        var patient = await NewPatient(admin);

        await listener.Next(h => h.Name == "patient_registered" && h.EntityId == patient);
        Assert.DoesNotContain(listener.Events, h => h.Resource == "users");
    }

    [Theory]
    [InlineData("resources=patient", "resources", "does not know patient; there are ")]
    [InlineData("resources=subscription_plans", "resources", "does not know subscription_plans; there are ")] // no event concerns it
    [InlineData("resources=", "resources", "is empty: ")]
    [InlineData("resources=patients,", "resources", "has an empty name: ")]
    [InlineData("resource=patients", "resource", "is not a parameter; ")]
    [InlineData("token=abc", "token", "is not a parameter; ")]
    [InlineData("last_event_id=yesterday", "last_event_id", "is not the id of an event")]
    [InlineData("last_event_id=1-1.1-1.1-1.1-1", "last_event_id", "is not the id of an event")]
    public async Task Invalid_query_parameters_are_refused_by_name(string query, string field, string wrong)
    {
        var nurse = await ApiClient.LogInShared("nurse@general.example");

        using var response = await nurse.Http.GetAsync($"/api/mcp/sse?{query}");

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.StartsWith(wrong, (string?)Assert.Single((await response.Content.ReadFromJsonAsync<JsonNode>())!["error"]!["details"]![field]!.AsArray()),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_ticket_opens_one_stream_at_any_replica_and_then_no_other()
    {
        var nurse = await ApiClient.LogInShared("nurse@general.example");
        var issued = await Ticket(nurse);

        await using (var listener = await SseClient.ConnectWithTicket(issued, gateway: 1))
        {
            var patient = await NewPatient(await ApiClient.LogInShared("admin@general.example"));
            await listener.Next("patients", "created", patient);
        }

        Assert.Equal("AUTH_INVALID", await Refused($"ticket={issued}"));
    }

    [Fact]
    public async Task A_ticket_is_spent_once_however_many_come_with_it_at_the_same_time()
    {
        var issued = await Ticket(await ApiClient.LogInShared("nurse@general.example"));
        var house = await MedCorFixture.Get();
        using var http = new HttpClient { BaseAddress = house.Gateways[0] };

        var answers = await Task.WhenAll(
            Enumerable.Range(0, 8).Select(_ => http.GetAsync($"/api/mcp/sse?ticket={issued}", HttpCompletionOption.ResponseHeadersRead)));

        Assert.Equal(1, answers.Count(a => a.StatusCode == HttpStatusCode.OK));
        Assert.Equal(7, answers.Count(a => a.StatusCode == HttpStatusCode.Unauthorized));
        foreach (var answer in answers) answer.Dispose();
    }

    [Fact]
    public async Task A_token_in_the_address_is_no_token()
    {
        var nurse = await ApiClient.LogInShared("nurse@general.example");

        Assert.Equal("AUTH_REQUIRED", await Refused($"token={nurse.AccessToken}"));
        Assert.Equal("AUTH_REQUIRED", await Refused($"access_token={nurse.AccessToken}"));
        Assert.Equal("AUTH_INVALID", await Refused($"ticket={nurse.AccessToken}"));
        Assert.Equal("AUTH_INVALID", await Refused("ticket="));
    }

    [Fact]
    public async Task A_resumed_stream_delivers_missed_events_in_order_and_once_at_another_replica()
    {
        var (admin, nurse) = (await ApiClient.LogInShared("admin@general.example"), await ApiClient.LogInShared("nurse@general.example"));
        string place;
        await using (var before = await SseClient.Connect(nurse, "resources=patients"))
        {
            var first = await NewPatient(admin);
            place = (await before.Next("patients", "created", first)).Id;
        }
        Guid[] missed = [await NewPatient(admin), await NewPatient(admin), await NewPatient(admin)];

        await using SseClient byHeader = await SseClient.Connect(nurse, "resources=patients", gateway: 1, after: place), inAddress = await SseClient.Connect(
            nurse, $"resources=patients&last_event_id={place}");

        foreach (var listener in (SseClient[])[byHeader, inAddress])
        {
            foreach (var patient in missed) await listener.Next("patients", "created", patient);
            Assert.Equal(missed,
                listener.Events.Where(h => h.Name == "resource_update").Select(h => h.EntityId!.Value).Where(missed.Contains));
            // Other tests that call as the same nurse cause error events here too.
            Assert.DoesNotContain(listener.Events, h => h.Name == "error_event" && h.Data["details"]?["reload"] is not null);
        }
    }

    [Theory]
    [InlineData("invoke")]
    [InlineData("tool")]
    [InlineData("batch")]
    [InlineData("websocket")]
    public async Task Tool_responses_are_delivered_to_all_streams_of_their_caller_and_to_nobody_else(string surface)
    {
        var (nurse, doctor) = (await ApiClient.LogInShared("nurse@general.example"), await ApiClient.LogInShared("doctor@general.example"));
        await using SseClient listener = await SseClient.Connect(nurse, gateway: 1), other = await SseClient.Connect(doctor, gateway: 1);
        var label = Guid.NewGuid().ToString();

        await Call(nurse, surface, "get_user", new { user_id = nurse.Id }, label);
        await Call(nurse, surface, "get_user", new { user_id = Guid.NewGuid() }, label);
        await Call(doctor, "invoke", "get_current_user", new { }, "his-own");

        var answered = await listener.Next(h => h.Name == "tool_response" && h.RequestId == label);
        Assert.Equal(["type", "tool", "result", "request_id", "timestamp"], answered.Data.AsObject().Select(f => f.Key));
        Assert.Equal(("get_user", nurse.Id.ToString()), (answered.Tool, (string?)answered.Data["result"]!["id"]));
        var refused = await listener.Next(h => h.Name == "error_event" && h.RequestId == label);
        Assert.StartsWith("RESOURCE_NOT_FOUND: ", (string?)refused.Data["error"], StringComparison.Ordinal);
        await other.Next(h => h.Name == "tool_response" && h.RequestId == "his-own");
        Assert.DoesNotContain(other.Events, h => h.Data.ToJsonString().Contains(label, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_new_account_cannot_resume_from_earlier_events()
    {
        var admin = await ApiClient.LogInShared("admin@general.example");
        string place;
        await using (var before = await SseClient.Connect(admin)) place = (await before.Next("patients", "created", await NewPatient(admin))).Id;
        Guid[] missed = [await NewPatient(admin), await NewPatient(admin)];
        var nurse = await (await TestUser.Create("NURSE")).LogIn();
        // A resume token with as many streams as theirs.
        var epoch = place[..place.IndexOf('-')];

        foreach (var after in (string[])[place, $"{epoch}-0.{epoch}-0.{epoch}-0"])
        {
            await using var listener = await SseClient.Connect(nurse, after: after);
            await listener.Next(h => h.Name == "error_event" && (bool?)h.Data["details"]?["reload"] == true);
            var later = await NewPatient(admin);
            await listener.Next("patients", "created", later);
            Assert.DoesNotContain(listener.Events,
                h => h.Name == "resource_update" && missed.Any(m => h.Data.ToJsonString().Contains(m.ToString(), StringComparison.Ordinal)));
        }
    }

    [Theory]
    [InlineData("invoke")]
    [InlineData("tool")]
    [InlineData("batch")]
    [InlineData("websocket")]
    public async Task Tool_responses_with_clinical_content_are_delivered_without_the_result(string surface)
    {
        var nurse = await ApiClient.LogInShared("nurse@general.example");
        await using var listener = await SseClient.Connect(nurse);
        foreach (var (tool, parameters) in ((string, object)[])[("list_appointments", new { limit = 1 }), ("list_medical_records", new { limit = 1 }),
            ("list_treatments", new { limit = 1 }), ("invoke_prompt", new { prompt = "appointment_booking" })])
        {
            var label = Guid.NewGuid().ToString();

            await Call(nurse, surface, tool, parameters, label);

            var told = await listener.Next(h => h.Name == "tool_response" && h.RequestId == label);
            Assert.Equal(["type", "tool", "result", "result_omitted", "request_id", "timestamp"], told.Data.AsObject().Select(f => f.Key));
            Assert.True(told.Data["result"] is null && (bool)told.Data["result_omitted"]!);
        }
    }

    [Fact]
    public async Task Answers_are_kept_for_who_is_away_for_a_moment()
    {
        var admin = await ApiClient.LogInShared("admin@riverside.example");
        var (first, label) = (Guid.NewGuid().ToString(), Guid.NewGuid().ToString());
        string place;
        await using (var before = await SseClient.Connect(admin))
        {
            await Call(admin, "invoke", "get_current_user", new { }, first);
            place = (await before.Next(h => h.Name == "tool_response" && h.RequestId == first)).Id;
        }

        await Call(admin, "invoke", "get_current_user", new { }, label);
        await using var again = await SseClient.Connect(admin, after: place, gateway: 1);

        await again.Next(h => h.Name == "tool_response" && h.RequestId == label);
        Assert.DoesNotContain(again.Events, h => h.RequestId == first);
    }

    [Theory]
    [InlineData("deactivated")]
    [InlineData("role")]
    [InlineData("logout")]
    public async Task Revoked_subscribers_are_disconnected_within_five_seconds_on_every_surface(string why)
    {
        var admin = await ApiClient.LogInShared("admin@general.example");
        var (id, email) = await NewPatientWithEmail(admin);
        var patient = await ApiClient.LogIn(email, NewPassword);
        await using var listener = await SseClient.Connect(patient, gateway: 1);
        await using var socket = await WebSocketClient.ConnectAs(patient);

        var watch = System.Diagnostics.Stopwatch.StartNew();
        if (why == "deactivated") await admin.Call("delete_user", new { user_id = id });
        else if (why == "role") await admin.Call("update_user", new { user_id = id, role = "NURSE" });
        else using (await patient.Http.PostAsJsonAsync("/api/auth/logout/", new { })) { }

        await listener.WaitUntilClosed(TimeSpan.FromSeconds(20));
        Assert.Equal(4401, (await socket.WaitUntilClosed()).Code);
        // Allows for a busy machine. Of MedCor's own time, revocation within two seconds and a check every half second are the larger part.
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(15), $"It took {watch.Elapsed}.");
    }

    [Fact]
    public async Task A_token_that_ends_is_renewed_while_its_session_is_good_and_the_connection_goes_on()
    {
        var admin = await ApiClient.LogInShared("admin@general.example");
        var (_, email) = await NewPatientWithEmail(admin);
        // A second Identity on the same database, whose tokens live for seconds.
        await using var brief = await ServiceProcess.StartService("identity", ("MCP_JWT_EXPIRY", "20"));
        using var login = await brief.Post(null, "/api/auth/login", new { email, password = NewPassword });
        var session = (await login.Content.ReadFromJsonAsync<SessionTokens>(Json.Options))!;
        var patient = new ApiClient(admin.Http, session.AccessToken, session.RefreshToken, session.User.Id, session.User.HospitalId);
        var ends = DateTimeOffset.UtcNow.AddSeconds(20);
        await using var listener = await SseClient.Connect(patient, gateway: 1);
        await using var socket = await WebSocketClient.ConnectAs(patient);

        var refresh = await listener.Next(h => h.Name == "auth_refresh", TimeSpan.FromSeconds(30));
        Assert.Equal(["type", "new_token", "expires_at"], refresh.Data.AsObject().Select(f => f.Key));
        Assert.True((DateTimeOffset)refresh.Data["expires_at"]! > ends);
        Assert.NotNull((await socket.Next("auth_refresh"))["new_token"]);
        await Wait.Until(() => Task.FromResult(DateTimeOffset.UtcNow > ends), "the first token has ended");

        using var http = new HttpClient { BaseAddress = (await MedCorFixture.Get()).Gateways[0] };
        http.DefaultRequestHeaders.Authorization = new("Bearer", (string)refresh.Data["new_token"]!);
        var renewed = new ApiClient(http, (string)refresh.Data["new_token"]!, patient.RefreshToken, patient.Id, patient.HospitalId);
        Assert.Equal(patient.Id, (await renewed.Call<User>("get_current_user")).Id);
        await admin.Call("update_user", new { user_id = patient.Id, phone_number = "+49 30 5551239" });
        await listener.Next("users", "updated", patient.Id);
        Assert.NotNull((await socket.Call("get_current_user"))["result"]);

        // A token that a client sends is renewed before it expires.
        using var anew = await brief.Post(null, "/api/auth/login", new { email, password = NewPassword });
        await socket.Send(new { type = "auth", token = (string?)(await anew.Content.ReadFromJsonAsync<JsonNode>())!["access_token"] });
        await socket.Next(m => (string?)m["type"] == "auth_refresh", TimeSpan.FromSeconds(30));

        using (await http.PostAsJsonAsync("/api/auth/logout/", new { })) { }
        await listener.WaitUntilClosed();
        await admin.Call("delete_user", new { user_id = patient.Id });
        Assert.Equal(4401, (await socket.WaitUntilClosed()).Code);
    }

    /// <summary>Calls a tool at the first gateway, through the given endpoint.</summary>
    private static async Task Call(ApiClient client, string surface, string tool, object parameters, string label)
    {
        if (surface == "websocket")
        {
            await using var socket = await WebSocketClient.ConnectAs(client);
            await socket.Send(new { type = "tool_invoke", request_id = label, tool, @params = parameters });
            await socket.Next("tool_response");
            return;
        }
        var (path, body) = surface switch
        {
            "invoke" => ("/api/mcp/tools/invoke", new { tool, @params = parameters }),
            "batch" => ("/api/mcp/batch", (object)new { requests = (object[])[new { tool, @params = parameters }] }),
            _ => ($"/api/mcp/tools/{tool}", parameters),
        };
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = JsonContent.Create(body), Headers = { { "X-Request-Id", label } } };
        using var response = await client.Http.SendAsync(request);
    }

    private const string NewPassword = "Quite-long-and-rare-7141";

    private static async Task<Guid> NewPatient(ApiClient admin) => (await NewPatientWithEmail(admin)).Id;

    private static async Task<(Guid Id, string Email)> NewPatientWithEmail(ApiClient admin)
    {
        var email = $"sse-{Guid.NewGuid():N}@listeners.example";
        var user = await admin.Call<User>("create_user",
            new { email, password = NewPassword, first_name = "Sina", last_name = "Event", role = "PATIENT", hospital_id = admin.HospitalId });
        return (user.Id, email);
    }

    private static async Task<string> Ticket(ApiClient client)
    {
        using var response = await client.Http.PostAsync("/api/mcp/sse/ticket", null);
        var answer = (await response.Content.ReadFromJsonAsync<JsonNode>())!;
        Assert.Equal(60, (int)answer["expires_in"]!);
        return (string)answer["ticket"]!;
    }

    private static async Task<string?> Refused(string query)
    {
        var house = await MedCorFixture.Get();
        using var http = new HttpClient { BaseAddress = house.Gateways[0] };
        using var response = await http.GetAsync($"/api/mcp/sse?{query}");
        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        return (string?)(await response.Content.ReadFromJsonAsync<JsonNode>())!["error"]!["code"];
    }
}
