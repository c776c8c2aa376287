using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Contracts.Identity;
using Npgsql;

namespace MedCor.Tests.EndToEnd.Catalogue;

/// <summary>Tests what tokens with scopes may do: every tool, resource and subscription, and each surface.</summary>
public class ScopeTests
{
    private static readonly Callers[] Kinds = [Callers.HospitalAdmin, Callers.Platform, Callers.Doctor, Callers.Patient];

    public static TheoryData<string> Tools => [.. ToolCatalogue.All.Keys];

    public static TheoryData<string> Resources => [.. ResourceCatalogue.All.Keys];

    public static TheoryData<string> Live => [.. LiveResources.All.Keys];

    [Theory, MemberData(nameof(Tools))]
    public async Task A_tool_needs_its_scope_at_the_gateway_and_at_its_service(string name)
    {
        var (house, here, tool) = (await MedCorFixture.Get(), await CatalogueFixture.Own, ToolCatalogue.All[name]);
        var kind = Kinds.First(k => (tool.Callers & k) != 0);
        (Uri Address, object Body)[] ways =
        [
            (new(house.Gateways[0], "/api/mcp/tools/invoke"), new { tool = name, @params = new { } }),
            (new(house.GetAddress(tool.Service), $"/tools/{name}"), new { }),
        ];

        foreach (var (address, body) in ways)
        {
            foreach (var may in (ApiClient[])[here.People[kind], await here.LogIn(kind, tool.Scope.Name)])
            {
                using var answer = await Post(may, address, body);
                Assert.True(answer.StatusCode is HttpStatusCode.OK or HttpStatusCode.BadRequest, $"{address}: {answer}");
            }
            foreach (var scope in Insufficient(tool.Scope))
            {
                using var answer = await Post(await here.LogIn(kind, scope), address, body);
                await AssertRefused(answer, tool.Scope.Name);
            }
        }
    }

    [Theory, MemberData(nameof(Resources))]
    public async Task A_resource_needs_its_scope_at_the_gateway_and_at_its_service(string name)
    {
        var (house, here, resource) = (await MedCorFixture.Get(), await CatalogueFixture.Own, ResourceCatalogue.All[name]);
        var kind = Kinds.First(k => (resource.Callers & k) != 0);
        foreach (var address in (Uri[])[
            new(house.Gateways[0], $"/api/mcp/resources/{name}"), new(house.GetAddress(resource.Service), $"/resources/{name}"),
            .. resource.IsList ? [new(house.Gateways[0], $"/api/mcp/resources/{name}/{Guid.NewGuid()}")] : (Uri[])[]])
        {
            foreach (var may in (ApiClient[])[here.People[kind], await here.LogIn(kind, resource.Scope.Name)])
            {
                using var answer = await may.Http.GetAsync(address);
                Assert.True(answer.StatusCode is HttpStatusCode.OK or HttpStatusCode.NotFound, $"{address}: {answer}");
            }
            foreach (var scope in Insufficient(resource.Scope))
            {
                using var answer = await (await here.LogIn(kind, scope)).Http.GetAsync(address);
                await AssertRefused(answer, resource.Scope.Name);
            }
        }
    }

    [Theory, MemberData(nameof(Live))]
    public async Task A_subscription_needs_the_scope_of_its_resource(string resource)
    {
        var (house, here, scope) = (await MedCorFixture.Get(), await CatalogueFixture.Own, LiveResources.Scopes[resource]);
        var sse = new Uri(house.Gateways[0], $"/api/mcp/sse?resources={resource}");

        using (var may = await (await here.LogIn(Callers.HospitalAdmin, scope.Name)).Http.SendAsync(new(HttpMethod.Head, sse)))
            Assert.Equal(HttpStatusCode.OK, may.StatusCode);
        foreach (var insufficient in Insufficient(scope))
        {
            using var answer = await (await here.LogIn(Callers.HospitalAdmin, insufficient)).Http.GetAsync(sse);
            await AssertRefused(answer, scope.Name);
        }
    }

    [Fact]
    public async Task A_subscription_to_several_resources_names_every_missing_scope()
    {
        var admin = await (await CatalogueFixture.Own).LogIn(Callers.HospitalAdmin, "people.read");

        using var answer = await admin.Http.GetAsync(new Uri("/api/mcp/sse?resources=users,invoices,appointments,schedules", UriKind.Relative));

        await AssertRefused(answer, "appointments.read billing.read");
    }

    [Fact]
    public async Task A_ticket_is_worth_what_its_token_is()
    {
        var admin = await (await CatalogueFixture.Own).LogIn(Callers.HospitalAdmin, "people.read");
        using var issued = await admin.Http.PostAsync(new Uri("/api/mcp/sse/ticket", UriKind.Relative), null);
        var ticket = (string)(await issued.Content.ReadFromJsonAsync<JsonNode>())!["ticket"]!;
        using var anonymous = await TestUser.CreateAnonymousClient();

        using var answer = await anonymous.GetAsync(new Uri($"/api/mcp/sse?ticket={ticket}&resources=appointments", UriKind.Relative));

        await AssertRefused(answer, "appointments.read");
    }

    [Fact]
    public async Task A_reference_outside_the_scopes_is_not_expanded()
    {
        var here = await CatalogueFixture.Own;

        var (narrow, wide) = (await Expand("appointments.read"), await Expand("appointments.read people.read"));

        Assert.NotNull(narrow["doctor_id"]);
        Assert.Equal((null, null), (narrow["doctor"], narrow["patient"]));
        Assert.NotNull(wide["doctor"]!["id"]);
        Assert.NotNull(wide["patient"]!["id"]);

        async Task<JsonNode> Expand(string scope) =>
            (await (await here.LogIn(Callers.HospitalAdmin, scope)).Http.GetFromJsonAsync<JsonNode>(
                "/api/mcp/resources/appointments?expand=doctor,patient&limit=1"))!["results"]![0]!;
    }

    [Fact]
    public async Task A_batch_refuses_the_calls_outside_the_scopes_and_runs_the_others()
    {
        var admin = await (await CatalogueFixture.Own).LogIn(Callers.HospitalAdmin, "appointments.read");

        using var answer = await admin.Http.PostAsJsonAsync("/api/mcp/batch",
            new { requests = new[] { new { tool = "list_appointments" }, new { tool = "list_patients" }, new { tool = "create_appointment" } } });

        var items = (await answer.Content.ReadFromJsonAsync<JsonArray>())!;
        Assert.NotNull(items[0]!["result"]);
        Assert.Equal(["people.read", "appointments.write"], items.Skip(1).Select(item => (string?)item!["error"]!["details"]!["required_scope"]));
    }

    [Fact]
    public async Task A_socket_refuses_calls_and_subscriptions_outside_the_scopes_and_lives()
    {
        await using var socket = await WebSocketClient.ConnectAs(await (await CatalogueFixture.Own).LogIn(Callers.HospitalAdmin, "appointments.read"));

        foreach (var tool in (string[])["list_patients", "list_medical_records"])
        {
            var refused = await socket.Call(tool);
            Assert.Equal(("PERMISSION_DENIED", ToolCatalogue.All[tool].Scope.Name),
                ((string?)refused["code"], (string?)refused["details"]!["required_scope"]));
        }
        Assert.NotNull((await socket.Call("list_appointments"))["result"]);
        await socket.Send(new { type = "subscribe", resource = "patients" });
        Assert.Equal("people.read", (string?)(await socket.Next("error"))["details"]!["required_scope"]);
        await socket.Subscribe("appointments");
    }

    [Fact]
    public async Task A_connection_hears_no_response_of_a_tool_outside_its_scopes()
    {
        var here = await CatalogueFixture.Own;
        await using var listener = await SseClient.Connect(await here.LogIn(Callers.HospitalAdmin, "billing.read"));

        await here.Admin.Call("list_patients");
        await here.Admin.TryCall("get_patient", new { patient_id = Guid.NewGuid() });
        await here.Admin.Call("list_subscription_plans");

        await listener.Next(e => e.Name == "tool_response" && e.Tool == "list_subscription_plans");
        Assert.DoesNotContain(listener.Events, e => e.Tool == "list_patients" || (string?)e.Data["details"]?["tool"] == "get_patient");
    }

    [Fact]
    public async Task A_narrower_token_replays_no_write_that_it_may_not_make()
    {
        var (ward, key) = (await ClinicFixture.Open(), Guid.NewGuid().ToString());
        var booked = await ward.Admin.TryCall("create_appointment", ward.BookingRequest("09:00:00"), key);

        var refused = await (await Narrow("appointments.read")).TryCall("create_appointment", ward.BookingRequest("09:00:00"), key);
        var replayed = await (await Narrow("appointments.write")).TryCall("create_appointment", ward.BookingRequest("09:00:00"), key);

        Assert.Equal((HttpStatusCode.Forbidden, "appointments.write", false),
            (refused.Status, (string?)refused.Details?["required_scope"], refused.IsReplay));
        Assert.Equal((HttpStatusCode.OK, true), (replayed.Status, replayed.IsReplay));
        Assert.Equal(booked.Body.ToJsonString(), replayed.Body.ToJsonString());
    }

    [Fact]
    public async Task Who_may_only_book_books_for_a_patient_whom_clinical_does_not_know_yet()
    {
        var ward = await ClinicFixture.Open();
        var patient = await ward.CreatePatient();
        await using (var clinical = await (await MedCorFixture.Get()).OpenDatabase("clinical"))
        await using (var forget = new NpgsqlCommand("DELETE FROM people WHERE id = $1", clinical) { Parameters = { new() { Value = patient } } })
            await Wait.Until(async () => await forget.ExecuteNonQueryAsync() == 1, "Clinical has received the patient");

        var booked = await (await Narrow("appointments.write")).TryCall("create_appointment", ward.BookingRequest("10:00:00", patient: patient));

        Assert.True(booked.Status == HttpStatusCode.OK, booked.Body.ToJsonString());
    }

    [Fact]
    public async Task Who_may_delete_people_deactivates_a_doctor_with_appointments()
    {
        var ward = await ClinicFixture.Open();
        var booked = await ward.Book("09:00:00");

        var deleted = await (await Narrow("people.delete")).Call("delete_user", new { user_id = ward.Doctor });

        Assert.Equal(booked.Id, (Guid)Assert.Single(deleted["affected"]!.AsArray())!["id"]!);
    }

    [Fact]
    public async Task Bookings_are_paused_only_for_a_change_that_the_token_permits()
    {
        var here = await CatalogueFixture.Own;
        var path = new Uri((await MedCorFixture.Get()).GetAddress("clinical"), PauseBookings.Path);
        var (booker, manager) = (await here.LogIn(Callers.HospitalAdmin, "appointments.write"), await here.LogIn(Callers.HospitalAdmin, "people.delete"));
        var ofPatient = new { hospital_id = here.Hospital, user_id = Guid.NewGuid(), version = 1 };
        var ofHospital = new { hospital_id = here.Hospital, user_id = (Guid?)null, version = 1 };

        await AssertRefused(await Post(booker, path, ofPatient), "people.write");
        await AssertRefused(await Post(manager, path, ofHospital), "hospitals.write");
        Assert.Equal(HttpStatusCode.OK, (await Post(manager, path, ofPatient)).StatusCode);
    }

    [Fact]
    public async Task A_refused_access_to_clinical_content_is_audited_with_what_was_asked_for()
    {
        var ward = await ClinicFixture.Open();
        var record = await ward.Admin.Call<MedicalRecord>("create_medical_record",
            new { patient_id = ward.Patient, title = "Visit", record_type = "CONSULTATION" });
        var narrow = await Narrow("appointments.read");

        await narrow.TryCall("get_medical_record", new { record_id = record.Id });
        using (await narrow.Http.GetAsync(new Uri($"/api/mcp/resources/medical_records/{record.Id}", UriKind.Relative))) { }
        using (await narrow.Http.GetAsync(
            new Uri($$"""/api/mcp/resources/medical_records?filter={"patient_id":"{{ward.Patient}}"}""", UriKind.Relative))) { }

        var events = (await ward.Admin.Call<Page<AuditEvent>>("list_audit_events", new { patient_id = ward.Patient, sort = "created_at" })).Results;
        Assert.Equal(["get_medical_record", "resources/medical_records", "resources/medical_records"],
            events.Where(e => e.Outcome == AuditOutcome.Forbidden).Select(e => e.Action));
    }

    [Fact]
    public async Task A_prompt_needs_the_scope_of_prompts_and_those_of_what_its_steps_do()
    {
        var here = await CatalogueFixture.Own;
        Assert.Equal("chat.write", await Start("chat.read people.read"));
        Assert.Equal("people.read", await Start("chat.write"));
        Assert.Null(await Start("chat.write people.read appointments.write"));
        using var list = await (await here.LogIn(Callers.HospitalAdmin, "chat.read")).Http.GetAsync(new Uri("/api/mcp/prompts", UriKind.Relative));
        Assert.Equal(HttpStatusCode.OK, list.StatusCode);

        async Task<string?> Start(string scope)
        {
            using var answer = await (await here.LogIn(Callers.HospitalAdmin, scope)).Http.PostAsJsonAsync("/api/mcp/prompts/invoke",
                new { prompt = "appointment_booking", initial_data = new { patient_id = here.People[Callers.Patient].Id } });
            if (answer.StatusCode == HttpStatusCode.OK) return null;
            var required = (string)(await answer.Content.ReadFromJsonAsync<JsonNode>())!["error"]!["details"]!["required_scope"]!;
            Assert.Contains($"scope=\"{required}\"", answer.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);
            return required;
        }
    }

    [Fact]
    public async Task Chat_is_started_and_cancelled_with_one_scope_and_read_with_the_other()
    {
        var here = await CatalogueFixture.Own;
        var (reader, writer, other) = (await here.LogIn(Callers.HospitalAdmin, "chat.read"), await here.LogIn(Callers.HospitalAdmin, "chat.write"),
            await here.LogIn(Callers.HospitalAdmin, "people.delete"));
        var body = new { messages = new[] { new { role = "user", content = "Which scopes are there?" } } };

        using var started = await writer.Http.PostAsJsonAsync("/mcp/execute", body);
        Assert.True(started.IsSuccessStatusCode, await started.Content.ReadAsStringAsync());
        var call = (string)(await started.Content.ReadFromJsonAsync<JsonNode>())!["call_id"]!;

        using (var read = await reader.Http.GetAsync(new Uri($"/mcp/stream/{call}", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead))
            Assert.Equal(HttpStatusCode.OK, read.StatusCode);
        await AssertChatRefused(await other.Http.GetAsync(new Uri($"/mcp/stream/{call}", UriKind.Relative)), "chat.read");
        foreach (var client in (ApiClient[])[reader, other])
        {
            await AssertChatRefused(await client.Http.PostAsJsonAsync("/mcp/execute", body), "chat.write");
            await AssertChatRefused(await client.Http.PostAsync(new Uri($"/mcp/cancel/{call}", UriKind.Relative), null), "chat.write");
            await AssertChatRefused(await client.Http.PostAsync(new Uri("/mcp/cancel_all", UriKind.Relative), null), "chat.write");
        }

        static async Task AssertChatRefused(HttpResponseMessage answer, string scope)
        {
            using (answer)
            {
                var error = (await answer.Content.ReadFromJsonAsync<JsonNode>())!["error"]!;
                Assert.Equal((HttpStatusCode.Forbidden, "PERMISSION_DENIED", $"The access token lacks the scope {scope}."),
                    (answer.StatusCode, (string?)error["error_code"], (string?)error["message"]));
                Assert.Equal(Challenge(scope), answer.Headers.WwwAuthenticate.ToString());
            }
        }
    }

    [Fact]
    public async Task The_list_of_tools_is_not_narrowed_by_scopes()
    {
        var here = await CatalogueFixture.Own;

        Assert.Equal(await here.Admin.Http.GetStringAsync(new Uri("/api/mcp/tools", UriKind.Relative)),
            await (await here.LogIn(Callers.HospitalAdmin, "billing.read")).Http.GetStringAsync(new Uri("/api/mcp/tools", UriKind.Relative)));
    }

    /// <summary>Logs in the administrator of a demo hospital with a token that is limited to scopes.</summary>
    private static Task<ApiClient> Narrow(string scope) => ApiClient.LogIn(TestUser.HospitalAdminEmail, scope: scope);

    /// <summary>Returns scopes that do not cover a scope: one of another area, the next lower action, and one that permits nothing.</summary>
    private static IEnumerable<string> Insufficient(Scope scope)
    {
        var (area, action) = scope.Name.Split('.') is [var a, var d] ? (a, d) : default;
        yield return area == "people" ? "appointments.write" : "people.delete";
        yield return "medcor.clinical";
        if (area == "clinical") yield return "medcor.delete";
        if (action == "write") yield return $"{area}.read";
        if (action == "delete") yield return $"{area}.write";
    }

    private static Task<HttpResponseMessage> Post(ApiClient client, Uri address, object body) => client.Http.PostAsJsonAsync(address, body);

    private static async Task AssertRefused(HttpResponseMessage answer, string scopes)
    {
        var error = await answer.ReadError();
        Assert.Equal((HttpStatusCode.Forbidden, ErrorCodes.PermissionDenied, scopes),
            (answer.StatusCode, error.Code, (string?)error.Details[InsufficientScope.Detail]));
        Assert.Equal(
            scopes.Split(' ') is [var one] ? $"The access token lacks the scope {one}."
                : $"The access token lacks the scopes {scopes.Replace(" ", ", ", StringComparison.Ordinal)}.",
            error.Message);
        Assert.Equal(Challenge(scopes), answer.Headers.WwwAuthenticate.ToString());
    }

    private static string Challenge(string scopes) => $"Bearer realm=\"medcor\", error=\"insufficient_scope\", scope=\"{scopes}\"";
}
