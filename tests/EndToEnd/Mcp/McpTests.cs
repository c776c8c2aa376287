using System.Net;
using System.Text.Json.Nodes;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;

namespace MedCor.Tests.EndToEnd.Mcp;

/// <summary>Tests MCP as clients see it before and around its tools: authorization, the forms of messages, and the rules for browsers.</summary>
public sealed class McpTests
{
    private const string Doctor = "doctor@general.example";

    [Fact]
    public async Task A_client_without_a_token_learns_where_to_get_one()
    {
        var client = await McpClient.WithToken(null);
        var issuer = client.Http.BaseAddress!.ToString().TrimEnd('/');
        foreach (var method in (HttpMethod[])[HttpMethod.Post, HttpMethod.Get, HttpMethod.Delete])
        {
            var reply = await client.SendRaw("{}", method: method);

            Assert.Equal((HttpStatusCode.Unauthorized, -31001), (reply.Status, reply.Code));
            Assert.Equal($"Bearer resource_metadata=\"{issuer}/.well-known/oauth-protected-resource/mcp\", scope=\"medcor.read\"", reply.Challenge);
        }
        foreach (var path in (string[])["/.well-known/oauth-protected-resource/mcp", "/.well-known/oauth-protected-resource"])
        {
            var metadata = JsonNode.Parse(await client.Http.GetStringAsync(new Uri(path, UriKind.Relative)))!;
            Assert.Equal($"{issuer}/mcp", (string?)metadata["resource"]);
            Assert.Equal(issuer, (string?)metadata["authorization_servers"]![0]);
        }
    }

    [Fact]
    public async Task A_token_is_good_for_MCP_or_for_everything_else()
    {
        var doctor = await ApiClient.LogInShared(Doctor);
        var withLogin = await (await McpClient.WithToken(doctor.AccessToken)).Send("tools/list");
        Assert.Equal(HttpStatusCode.Unauthorized, withLogin.Status);
        Assert.Contains("error=\"invalid_token\"", withLogin.Challenge, StringComparison.Ordinal);

        var agent = await McpClient.Authorize(Doctor);
        Assert.NotNull((await agent.Send("tools/list")).Result);
        using var rest = await agent.Http.GetAsync(new Uri("/api/mcp/tools", UriKind.Relative));
        Assert.Equal(HttpStatusCode.Unauthorized, rest.StatusCode);
    }

    [Fact]
    public async Task A_session_that_ends_ends_its_access_within_seconds()
    {
        var user = await TestUser.Create();
        var agent = await McpClient.Authorize(user.Email, user.Password);
        Assert.NotNull((await agent.Call("get_current_user"))["structuredContent"]);

        await (await ApiClient.LogInShared("admin@general.example")).Call("update_user", new { user_id = user.Id, is_active = false });

        await Wait.Until(async () => (await agent.Send("tools/list")).Status == HttpStatusCode.Unauthorized, "the agent is refused", TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task An_API_key_opens_what_its_scopes_permit()
    {
        var key = (await ServiceAccountClient.Create("people.read")).Key.ApiKey;
        var program = await McpClient.WithToken(key);

        Assert.Null((await program.Call("list_doctors", new() { ["limit"] = 1 }))["isError"]);
        var refused = await program.Send("tools/call", new() { ["name"] = "list_appointments", ["arguments"] = new JsonObject() });
        Assert.Equal((HttpStatusCode.Forbidden, -31003), (refused.Status, refused.Code));
    }

    [Fact]
    public async Task A_missing_scope_is_asked_for_together_with_those_that_are_there()
    {
        var agent = await McpClient.Authorize(Doctor, scopes: ["appointments.read"]);
        foreach (var (method, parameters, needed) in ((string, JsonObject, string)[])
            [
                ("tools/call", new() { ["name"] = "update_appointment_status", ["arguments"] = new JsonObject() }, "appointments.write"),
                ("tools/call", new() { ["name"] = "list_medical_records", ["arguments"] = new JsonObject() }, "clinical.read"),
                ("resources/read", new() { ["uri"] = "medcor://medical_records" }, "clinical.read"),
                ("prompts/get", new() { ["name"] = "appointment_booking" }, "chat.read"),
                ("prompts/list", new(), "chat.read"),
                ("subscriptions/listen", Watch("medcor://medical_records", "medcor://appointments", "medcor://patients"), "clinical.read people.read"),
            ])
        {
            var reply = await agent.Send(method, parameters);

            Assert.Equal((method, HttpStatusCode.Forbidden, -31003), (method, reply.Status, reply.Code));
            Assert.Equal(agent.LastId, (int)reply.Body!["id"]!);
            Assert.Equal(needed.Split(' '), reply.Error!["data"]!["required"]!.AsArray().Select(scope => (string)scope!));
            Assert.Contains($"error=\"insufficient_scope\", scope=\"appointments.read {needed}\"", reply.Challenge, StringComparison.Ordinal);
        }
        Assert.Null((await agent.Call("list_appointments", new() { ["limit"] = 1 }))["isError"]);

        static JsonObject Watch(params string[] uris) =>
            new() { ["notifications"] = new JsonObject { ["resourceSubscriptions"] = new JsonArray([.. uris.Select(uri => (JsonNode)uri)]) } };
    }

    [Fact]
    public async Task An_agent_reads_no_record_that_its_user_does_not_see()
    {
        var ward = await ClinicFixture.Open();
        var (open, restricted) = (await Write(false), await Write(true));
        var agent = await McpClient.Authorize(ward.DoctorEmail, ClinicFixture.Password, ["clinical.read"]);

        Assert.Equal((true, false), (await Reads(open), await Reads(restricted)));
        var listed = await agent.Call("list_medical_records", new() { ["patient_id"] = ward.Patient });
        Assert.Equal([open.ToString()], listed["structuredContent"]!["results"]!.AsArray().Select(record => (string?)record!["id"]));

        async Task<Guid> Write(bool isRestricted) => (await ward.Nurse.Call<MedicalRecord>("create_medical_record",
            new { patient_id = ward.Patient, title = "Secret", record_type = "VITALS", restricted = isRestricted })).Id;

        async Task<bool> Reads(Guid record)
        {
            var asTool = (await agent.Call("get_medical_record", new() { ["record_id"] = record })).ToJsonString();
            var asResource = (await agent.Send("resources/read", new() { ["uri"] = $"medcor://medical_records/{record}" })).Text;
            var (first, second) = (asTool.Contains("Secret", StringComparison.Ordinal), asResource.Contains("Secret", StringComparison.Ordinal));
            Assert.Equal(first, second);
            return first;
        }
    }

    [Fact]
    public async Task An_agent_does_not_decide_who_sees_a_record()
    {
        var ward = await ClinicFixture.Open();
        var agent = await McpClient.Authorize(ward.DoctorEmail, ClinicFixture.Password, ["clinical.write"]);

        var refused = await agent.Call("create_medical_record",
            new() { ["patient_id"] = ward.Patient, ["title"] = "Secret", ["record_type"] = "CONSULTATION", ["restricted"] = true });

        Assert.True((bool?)refused["isError"]);
        Assert.Contains("people alone decide", (string?)refused["content"]![0]!["text"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refused_access_to_clinical_content_is_audited_with_what_was_asked_for()
    {
        var ward = await ClinicFixture.Open();
        var record = await ward.Admin.Call<MedicalRecord>("create_medical_record",
            new { patient_id = ward.Patient, title = "Visit", record_type = "CONSULTATION" });
        var agent = await McpClient.Authorize(ward.DoctorEmail, ClinicFixture.Password, ["appointments.read"]);

        foreach (var (method, parameters) in ((string, JsonObject)[])
            [
                ("tools/call", new() { ["name"] = "get_medical_record", ["arguments"] = new JsonObject { ["record_id"] = record.Id } }),
                ("resources/read", new() { ["uri"] = $"medcor://medical_records/{record.Id}" }),
            ])
            Assert.Equal((method, HttpStatusCode.Forbidden), (method, (await agent.Send(method, parameters)).Status));

        var events = (await ward.Admin.Call<Page<AuditEvent>>("list_audit_events", new { patient_id = ward.Patient, sort = "created_at" })).Results;
        Assert.Equal(["get_medical_record", "resources/medical_records"],
            events.Where(e => e.Outcome == AuditOutcome.Forbidden).Select(e => e.Action));
    }

    [Theory]
    [InlineData("", -32700)]
    [InlineData("{", -32700)]
    [InlineData("[]", -32600)]
    [InlineData("""[{"jsonrpc":"2.0","id":1,"method":"ping"}]""", -32600)]
    [InlineData("""{"jsonrpc":"1.0","id":1,"method":"ping"}""", -32600)]
    [InlineData("""{"jsonrpc":"2.0","id":null,"method":"ping"}""", -32600)]
    [InlineData("""{"jsonrpc":"2.0","id":1.5,"method":"ping"}""", -32600)]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":7}""", -32600)]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":[]}""", -32600)]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"ping","method":"ping"}""", -32600)]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","name":"b"}}""", -32600)]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"ping"} {}""", -32700)]
    [InlineData("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\\ud800\"}", -32700)]
    public async Task A_body_that_is_no_message_is_refused(string body, int code)
    {
        var reply = await (await Agent).SendRaw(body);

        Assert.Equal((HttpStatusCode.BadRequest, code), (reply.Status, reply.Code));
    }

    [Theory]
    [InlineData("\"text\"")]
    [InlineData("7")]
    [InlineData("9007199254740993")]
    public async Task An_ID_comes_back_as_it_was_written(string id)
    {
        var agent = await Agent;
        var good = await agent.SendRaw($$"""{"jsonrpc":"2.0","id":{{id}},"method":"ping"}""",
            new Dictionary<string, string> { ["MCP-Protocol-Version"] = McpClient.Legacy });
        var bad = await agent.SendRaw($$"""{"jsonrpc":"2.0","id":{{id}},"method":"ping","params":7}""");

        Assert.Contains($"\"id\":{id}", good.Text, StringComparison.Ordinal);
        Assert.Contains($"\"id\":{id}", bad.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("text/event-stream")]
    [InlineData("*/*")]
    [InlineData(null)]
    public async Task A_client_may_accept_what_it_likes(string? accept)
    {
        var headers = new Dictionary<string, string> { ["MCP-Protocol-Version"] = McpClient.Legacy, ["Mcp-Session-Id"] = "of-another-server" };
        if (accept is not null) headers["Accept"] = accept;

        Assert.NotNull((await (await Agent).SendRaw("""{"jsonrpc":"2.0","id":1,"method":"ping"}""", headers)).Result);
    }

    [Theory]
    [InlineData("Host", "elsewhere.example", HttpStatusCode.Forbidden)]
    [InlineData("Origin", "https://elsewhere.example", HttpStatusCode.Forbidden)]
    [InlineData("Origin", "null", HttpStatusCode.Forbidden)]
    [InlineData("Origin", "http://localhost:6274", HttpStatusCode.OK)]
    [InlineData("Host", "127.0.0.1", HttpStatusCode.OK)]
    public async Task A_page_is_answered_only_at_a_known_host_and_from_an_allowed_origin(string header, string value, HttpStatusCode status)
    {
        var reply = await (await Agent).SendRaw("""{"jsonrpc":"2.0","id":1,"method":"ping"}""",
            new Dictionary<string, string> { ["MCP-Protocol-Version"] = McpClient.Legacy, [header] = value });

        Assert.Equal(status, reply.Status);
    }

    [Fact]
    public async Task Every_version_with_a_handshake_is_spoken()
    {
        foreach (var version in (string[])["2025-03-26", "2025-06-18", McpClient.Legacy])
        {
            var reply = await (await Agent).SendRaw($$"""
                {"jsonrpc":"2.0","id":1,"method":"initialize",
                    "params":{"protocolVersion":"{{version}}","capabilities":{},"clientInfo":{"name":"t","version":"1"} } }
                """);

            Assert.Equal(version, (string?)reply.Result?["protocolVersion"]);
            Assert.Equal("medcor", (string?)reply.Result!["serverInfo"]!["name"]);
            Assert.InRange(((string)reply.Result["instructions"]!).Length, 100, 1500);
            Assert.Equal(["completions", "prompts", "resources", "tools"],
                reply.Result["capabilities"]!.AsObject().Select(c => c.Key).Order());
            Assert.Null(reply.Result["capabilities"]!["resources"]!["subscribe"]);
        }
    }

    [Fact]
    public async Task A_trace_that_a_message_names_is_linked_and_not_continued()
    {
        var (agent, telemetry) = (await Agent, (await MedCorFixture.Get()).Telemetry);
        foreach (var version in (string[])[McpClient.Modern, McpClient.Legacy])
        {
            var trace = Guid.NewGuid().ToString("N");

            var reply = await agent.Send("tools/list", version: version, meta: new() { ["traceparent"] = $"00-{trace}-00f067aa0ba902b7-00" });

            Assert.True(reply.Result is not null, reply.ToString());
            await Wait.Until(() => Task.FromResult(telemetry.Spans.Any(s => s.Service == "gateway" && s.Kind == 2 && s.Links.Contains(trace))),
                $"the request of {version} is linked");
            Assert.DoesNotContain(telemetry.Spans, s => s.TraceId == trace);
        }
    }

    [Fact]
    public async Task A_trace_that_is_none_is_ignored() =>
        Assert.NotNull((await (await Agent).Send("tools/list", meta: new() { ["traceparent"] = "nonsense" })).Result);

    [Fact]
    public async Task The_chat_keeps_its_paths_and_its_errors()
    {
        using var http = await TestUser.CreateAnonymousClient();
        using var refused = await http.GetAsync(new Uri("/mcp/manifest?nonsense=1", UriKind.Relative));

        Assert.NotNull(JsonNode.Parse(await refused.Content.ReadAsStringAsync())!["error"]!["error_code"]);
    }

    private static Task<McpClient> Agent => SharedAgent.Value;

    private static readonly Lazy<Task<McpClient>> SharedAgent = new(() => McpClient.Authorize(Doctor));
}
