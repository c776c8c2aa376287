using System.Net;
using System.Net.Http.Json;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;
using MedCor.Contracts.Identity;
using MedCor.Gateway.LiveEvents;
using MedCor.Tests.EndToEnd.Catalogue;
using StackExchange.Redis;

namespace MedCor.Tests.EndToEnd.LiveEvents;

public sealed class WebSocketEndpointTests
{
    [Fact]
    public async Task A_tool_answers_as_by_every_other_way()
    {
        var nurse = await ApiClient.LogInShared("nurse@general.example");
        await using var socket = await WebSocketClient.ConnectAs(nurse);

        var answer = await socket.Call("get_user", new { user_id = nurse.Id });

        Assert.True(JsonNode.DeepEquals(await nurse.Call("get_user", new { user_id = nurse.Id }), answer["result"]));
        Assert.Equal(["type", "request_id", "result", "timestamp"], answer.AsObject().Select(f => f.Key));
    }

    [Fact]
    public async Task A_refusal_is_a_text_with_its_code_and_details()
    {
        await using var socket = await WebSocketClient.ConnectAs(await ApiClient.LogInShared("patient@general.example"));

        var (invalid, missing, forbidden) = (await socket.Call("get_user", new { user_id = "x", colour = 1 }),
            await socket.Call("get_user", new { user_id = Guid.NewGuid() }), await socket.Call("create_hospital"));

        Assert.StartsWith("VALIDATION_ERROR: ", (string?)invalid["error"], StringComparison.Ordinal);
        Assert.Equal("VALIDATION_ERROR", (string?)invalid["code"]);
        Assert.NotNull(invalid["details"]!["user_id"]);
        Assert.NotNull(invalid["details"]!["colour"]);
        Assert.NotNull(invalid["details"]!["request_id"]);
        Assert.Equal(("RESOURCE_NOT_FOUND", "PERMISSION_DENIED"), ((string?)missing["code"], (string?)forbidden["code"]));
    }

    [Fact]
    public async Task Many_calls_are_under_way_at_once_and_each_answer_names_its_call()
    {
        var nurse = await ApiClient.LogInShared("nurse@general.example");
        await using var socket = await WebSocketClient.ConnectAs(nurse);

        for (var i = 0; i < 100; i++)
            await socket.Send(
                new
                {
                    type = "tool_invoke", request_id = i, tool = i % 3 == 0 ? "list_doctors" : "get_user",
                    @params = i % 3 == 0 ? (object)new { limit = 1 } : new { user_id = nurse.Id }
                });

        for (var i = 0; i < 100; i++)
        {
            var answer = await socket.Next(m => m["request_id"]?.GetValueKind() == System.Text.Json.JsonValueKind.Number && (int)m["request_id"]! == i);
            Assert.NotNull(answer["result"]![i % 3 == 0 ? "results" : "id"]);
        }
    }

    [Fact]
    public async Task A_write_that_is_repeated_with_its_key_happens_once_whatever_the_way()
    {
        var ward = await ClinicFixture.Open();
        var (key, wish) = (Guid.NewGuid().ToString(), ward.BookingRequest("09:00:00"));
        await using var socket = await WebSocketClient.ConnectAs(ward.Nurse);

        var (first, second) = (await socket.Call("create_appointment", wish, key), await socket.Call("create_appointment", wish, key));
        var third = await ward.Nurse.TryCall("create_appointment", wish, key);

        Assert.Equal(((string?)first["result"]!["id"], (string?)first["result"]!["id"]), ((string?)second["result"]!["id"], (string?)third.Body["id"]));
        Assert.Null(first["idempotent_replayed"]);
        Assert.True((bool)second["idempotent_replayed"]!);
    }

    [Fact]
    public async Task One_key_with_two_tools_is_two_writes()
    {
        var ward = await ClinicFixture.Open();
        var key = Guid.NewGuid().ToString();
        await using var socket = await WebSocketClient.ConnectAs(ward.Nurse);

        var booked = await socket.Call("create_appointment", ward.BookingRequest("09:00:00"), key);
        var moved = new { appointment_id = (string)booked["result"]!["id"]!, status = "IN_PROGRESS" };
        Assert.Equal("IN_PROGRESS", (string?)(await socket.Call("update_appointment_status", moved, key))["result"]!["status"]);
        foreach (var again in new[] { await socket.Call("update_appointment_status", moved, key), await socket.Call("create_appointment",
            ward.BookingRequest("09:00:00"), key) })
            Assert.True((bool)again["idempotent_replayed"]!);
    }

    [Fact]
    public async Task Only_subscribed_resources_are_delivered_until_unsubscribed()
    {
        var admin = await ApiClient.LogInShared("admin@general.example");
        await using var socket = await WebSocketClient.ConnectAs(await ApiClient.LogInShared("nurse@general.example"), gateway: 1);
        var subscribed = await socket.Subscribe("patients");

        var patient = await NewPatient(admin);
        var update = await socket.Next(m => IsUpdate(m, patient));

        Assert.NotNull(subscribed["id"]);
        Assert.Equal(["type", "id", "resource", "action", "data", "timestamp"], update.AsObject().Select(f => f.Key));
        Assert.Equal(("patients", "created"), ((string?)update["resource"], (string?)update["action"]));
        Assert.All(socket.Messages.Where(m => (string?)m["type"] == "resource_update"), m => Assert.Equal("patients", (string?)m["resource"]));

        await socket.Subscribe("users");
        await socket.Send(new { type = "unsubscribe", resource = "patients" });
        await socket.Next("unsubscribed");
        var another = await NewPatient(admin);
        await socket.Next(m => IsUpdate(m, another));
        Assert.All(socket.Messages.Where(m => IsUpdate(m, another)), m => Assert.Equal("users", (string?)m["resource"]));
    }

    [Fact]
    public async Task A_client_that_reconnects_with_the_last_id_receives_missed_events_at_another_gateway()
    {
        var admin = await ApiClient.LogInShared("admin@general.example");
        var nurse = await ApiClient.LogInShared("nurse@general.example");
        string last;
        await using (var socket = await WebSocketClient.ConnectAs(nurse, auth: new { resources = (string[])["patients"] }))
        {
            var first = await NewPatient(admin);
            last = (string)(await socket.Next(m => IsUpdate(m, first)))["id"]!;
        }
        Guid[] missed = [await NewPatient(admin), await NewPatient(admin), await NewPatient(admin)];

        await using var again = await WebSocketClient.ConnectAs(nurse, gateway: 1, auth: new { resources = (string[])["patients"], last_event_id = last });

        foreach (var patient in missed) await again.Next(m => IsUpdate(m, patient));
        Assert.Equal(missed, again.Messages.Where(m => missed.Any(p => IsUpdate(m, p))).Select(m => Guid.Parse((string)m["data"]!["id"]!)));
    }

    [Theory]
    [InlineData("no json", "message")]
    [InlineData("[]", "message")]
    [InlineData("", "message")]
    [InlineData("""{"type":"sing"}""", "type")]
    [InlineData("""{"type":5}""", "type")]
    [InlineData("{}", "type")]
    [InlineData("""{"type":"subscribe"}""", "resource")]
    [InlineData("""{"type":"subscribe","resource":"secrets"}""", "resource")]
    [InlineData("""{"type":"unsubscribe","resource":7}""", "resource")]
    [InlineData("""{"type":"subscribe","resource":"users","since":"ever"}""", "since")]
    [InlineData("""{"type":"auth","token":"x","last_event_id":"yesterday"}""", "last_event_id")]
    [InlineData("""{"type":"tool_invoke","request_id":"\ud800","tool":"get_current_user"}""", "request_id_field", "must be valid Unicode")]
    [InlineData("""{"type":"subscribe","request_id":"\ud800","resource":"users"}""", "request_id_field", "must be valid Unicode")]
    [InlineData("""{"type":"\ud800"}""", "type", "must be valid Unicode")]
    [InlineData("""{"type":"subscribe","resource":"\ud800"}""", "resource", "must be valid Unicode")]
    [InlineData("""{"type":"subscribe","\ud800":1,"resource":"users"}""", "message", "must be valid Unicode")]
    [InlineData("""{"type":"auth","token":"\ud800"}""", "token", "must be valid Unicode")]
    public async Task Unknown_messages_are_answered_with_an_error_and_the_connection_stays_open(string message, string field, string? wrong = null)
    {
        var nurse = await ApiClient.LogInShared("nurse@general.example");
        await using var socket = await WebSocketClient.ConnectAs(nurse);

        await socket.SendText(message);

        var error = await socket.Next("error");
        Assert.StartsWith("VALIDATION_ERROR: ", (string?)error["error"], StringComparison.Ordinal);
        Assert.NotNull(error["details"]![field]);
        if (wrong is not null) Assert.Equal(wrong, (string?)error["details"]![field]![0]);
        Assert.Null(error["request_id"]);
        Assert.NotNull((await socket.Call("get_current_user"))["result"]);
    }

    [Theory]
    [InlineData("""{"type":"tool_invoke","request_id":"a","params":{}}""", "tool")]
    [InlineData("""{"type":"tool_invoke","request_id":"a","tool":"no_such_tool"}""", "tool")]
    [InlineData("""{"type":"tool_invoke","request_id":"a","tool":"get_user","params":[]}""", "params")]
    [InlineData("""{"type":"tool_invoke","request_id":"a","tool":"get_user","colour":1}""", "colour")]
    [InlineData("""{"type":"tool_invoke","request_id":"a","tool":"get_user","idempotency_key":""}""", "idempotency_key")]
    [InlineData("""{"type":"tool_invoke","tool":"get_current_user"}""", "request_id_field")]
    [InlineData("""{"type":"tool_invoke","tool":"get_current_user","request_id":null}""", "request_id_field")]
    [InlineData("""{"type":"tool_invoke","request_id":"a","tool":"\ud800"}""", "tool")]
    [InlineData("""{"type":"tool_invoke","request_id":"a","tool":"get_user","idempotency_key":"\ud800"}""", "idempotency_key")]
    public async Task A_call_that_cannot_be_meant_names_every_bad_field(string message, string field)
    {
        await using var socket = await WebSocketClient.ConnectAs(await ApiClient.LogInShared("nurse@general.example"));

        await socket.SendText(message);

        var answer = await socket.Next("tool_response");
        Assert.Equal("VALIDATION_ERROR", (string?)answer["code"]);
        Assert.NotNull(answer["details"]![field]);
    }

    [Fact]
    public async Task Null_in_a_message_is_as_good_as_left_out()
    {
        await using var socket = await WebSocketClient.ConnectAs(await ApiClient.LogInShared("nurse@general.example"));

        await socket.SendText("""{"type":"tool_invoke","request_id":"a","tool":"get_current_user","params":null,"idempotency_key":null}""");
        Assert.NotNull((await socket.Next("tool_response"))["result"]);
        await socket.SendText("""{"type":"subscribe","resource":"users","request_id":null}""");
        Assert.Equal("users", (string?)(await socket.Next("subscribed"))["resource"]);
    }

    [Fact]
    public async Task Binary_is_not_understood_and_too_much_ends_the_connection()
    {
        await using var socket = await WebSocketClient.ConnectAs(await ApiClient.LogInShared("nurse@general.example"));

        await socket.SendBytes([1, 2, 3]);
        Assert.NotNull((await socket.Next("error"))["details"]!["message"]);

        await socket.Send(new { type = "tool_invoke", request_id = "a", tool = "get_user", @params = new { user_id = new string('x', 2 * 1024 * 1024) } });
        Assert.Equal(1009, (await socket.WaitUntilClosed()).Code);
    }

    [Fact]
    public async Task A_close_is_answered_by_a_close()
    {
        var (system, nurse) = (await MedCorFixture.Get(), await ApiClient.LogInShared("nurse@general.example"));
        for (var i = 0; i < 20; i++)
        {
            using var socket = new ClientWebSocket();
            socket.Options.SetRequestHeader("Authorization", $"Bearer {nurse.AccessToken}");
            await socket.ConnectAsync(new UriBuilder(system.Gateways[0]) { Scheme = "ws", Path = "/api/mcp/ws" }.Uri, CancellationToken.None);
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));

            // Throws when the connection ends without a close frame.
            await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "bye", patience.Token);

            Assert.Equal((WebSocketState.Closed, WebSocketCloseStatus.NormalClosure), (socket.State, socket.CloseStatus));
        }
    }

    [Theory]
    [InlineData("Upgrade", "websocket", "12", "AAAAAAAAAAAAAAAAAAAAAA==", 426, null)]
    [InlineData("Upgrade", "websocket", null, "AAAAAAAAAAAAAAAAAAAAAA==", 426, null)]
    [InlineData("Upgrade", "websocket", "12", "AAAA", 400, "Sec-WebSocket-Key")]
    [InlineData("Upgrade", "websocket", "13", null, 400, "Sec-WebSocket-Key")]
    [InlineData(null, "websocket", "13", "AAAAAAAAAAAAAAAAAAAAAA==", 400, "Connection")]
    [InlineData("Upgrade", "h2c", "13", "AAAAAAAAAAAAAAAAAAAAAA==", 400, "Upgrade")]
    public async Task A_handshake_is_refused_for_what_is_wrong_with_it(string? connection, string upgrade, string? version, string? key,
        int status, string? header)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/mcp/ws");
        foreach (var (name,
            value) in new[] { ("Connection", connection), ("Upgrade", upgrade), ("Sec-WebSocket-Version", version), ("Sec-WebSocket-Key", key) })
            if (value is not null) request.Headers.TryAddWithoutValidation(name, value);

        using var client = new HttpClient { BaseAddress = (await MedCorFixture.Get()).Gateways[0] };
        using var answer = await client.SendAsync(request);

        Assert.Equal(status, (int)answer.StatusCode);
        var error = (await answer.Content.ReadFromJsonAsync<JsonNode>())!["error"]!;
        Assert.Equal("VALIDATION_ERROR", (string?)error["code"]);
        if (header is not null) Assert.Equal([header], error["details"]!.AsObject().Select(d => d.Key).Where(k => k != "request_id"));
        else Assert.Equal(("13", "websocket"), (answer.Headers.GetValues("Sec-WebSocket-Version").Single(), answer.Headers.Upgrade.ToString()));
    }

    /// <summary>Frames that no client library sends, as bytes on the wire.</summary>
    [Theory]
    [InlineData("81 82 00000000 C328", 1007, "text that is no UTF-8")]
    [InlineData("C1 81 00000000 61", 1002, "a reserved bit of an extension that was not agreed on")]
    [InlineData("80 81 00000000 61", 1002, "the continuation of nothing")]
    [InlineData("81 05 6162636465", 1002, "a frame without a mask")]
    [InlineData("83 81 00000000 61", 1002, "an opcode that there is not")]
    [InlineData("09 80 00000000", 1002, "a ping in fragments")]
    public async Task Protocol_violations_are_reported_by_the_close_code(string frame, int code, string what)
    {
        // Repeated, because the close frame must not lose the race against the end of the connection.
        for (var i = 0; i < 20; i++) await BreakProtocol(frame, code, what);
    }

    private static async Task BreakProtocol(string frame, int code, string what)
    {
        var (house, nurse) = (await MedCorFixture.Get(), await ApiClient.LogInShared("nurse@general.example"));
        using var connection = new System.Net.Sockets.TcpClient();
        await connection.ConnectAsync(house.Gateways[0].Host, house.Gateways[0].Port);
        await using var stream = connection.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(
            "GET /api/mcp/ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                + $"Authorization: Bearer {nurse.AccessToken}\r\n\r\n"));
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        var heard = new MemoryStream();
        await HearUntil("auth_success");

        await stream.WriteAsync(Convert.FromHexString(frame.Replace(" ", "", StringComparison.Ordinal)));
        // Read to the end, because the connection must be closed too.
        heard.SetLength(0);
        await HearUntil(null);

        var frames = heard.ToArray();
        var at = frames.AsSpan().LastIndexOf((byte)0x88);
        Assert.True(at >= 0 && at + 3 < frames.Length && frames[at + 2] << 8 == (code & 0xFF00) && frames[at + 3] == (code & 0xFF),
            $"{what}: {Convert.ToHexString(frames)}");

        async Task HearUntil(string? word)
        {
            var buffer = new byte[4096];
            while (word is null || !Encoding.UTF8.GetString(heard.ToArray()).Contains(word, StringComparison.Ordinal))
            {
                var read = 0;
                try
                {
                    read = await stream.ReadAsync(buffer, patience.Token);
                }
                catch (IOException)
                {
                    // The connection was cut after the data sent before.
                }
                if (read == 0)
                {
                    Assert.Null(word);
                    return;
                }
                heard.Write(buffer, 0, read);
            }
        }
    }

    [Fact]
    public async Task Subscribing_to_a_forbidden_resource_is_refused_naming_the_allowed_ones()
    {
        var nurse = await ApiClient.LogInShared("nurse@general.example");
        await using var socket = await WebSocketClient.ConnectAs(nurse);

        await socket.Send(new { type = "subscribe", resource = "invoices" });
        var refused = await socket.Next("error");
        Assert.Equal(
            "PERMISSION_DENIED: Your role may not subscribe to invoices. Available resources: access_policies, appointments, confirmations, "
            + "correction_requests, departments, doctors, emergency_overrides, hospitals, medical_records, patients, referrals, representatives, schedules, "
            + "specialties, treatments, triage, users.",
            (string?)refused["error"]);
        Assert.Equal(["invoices"], refused["details"]!["resources"]!.AsArray().Select(r => (string?)r));
        await socket.Subscribe("triage");

        await using var another = await WebSocketClient.Connect();
        await another.Send(new { type = "auth", token = nurse.AccessToken, resources = (string[])["users", "subscriptions"] });
        Assert.Equal(["subscriptions"], (await another.Next("error"))["details"]!["resources"]!.AsArray().Select(r => (string?)r));
        await another.Send(new { type = "auth", token = nurse.AccessToken, resources = (string[])["users"] });
        await another.Next("subscribed");
    }

    [Theory]
    [InlineData("""{"type":"auth","token":"forged"}""", "AUTH_INVALID")]
    [InlineData("""{"type":"tool_invoke","request_id":"a","tool":"get_current_user"}""", "AUTH_REQUIRED")]
    [InlineData("""{"type":"subscribe","resource":"users"}""", "AUTH_REQUIRED")]
    public async Task A_connection_without_a_valid_token_is_closed(string first, string code)
    {
        await using var socket = await WebSocketClient.Connect();

        await socket.SendText(first);

        Assert.Equal(code, (string?)(await socket.Next("error"))["code"]);
        Assert.Equal(4401, (await socket.WaitUntilClosed()).Code);
    }

    [Fact]
    public async Task Before_auth_a_few_mistakes_are_told_and_the_next_ends_the_connection()
    {
        await using var socket = await WebSocketClient.Connect();

        foreach (var wrong in (string[])["{", """{"type":"auth"}""", """{"type":1,"type":1}"""])
        {
            await socket.SendText(wrong);
            Assert.Equal("VALIDATION_ERROR", (string?)(await socket.Next("error"))["code"]);
        }

        Assert.Equal(4401, (await socket.WaitUntilClosed()).Code);
    }

    [Fact]
    public async Task Before_auth_a_message_is_short()
    {
        await using var socket = await WebSocketClient.Connect();

        await socket.Send(new { type = "auth", token = new string('x', 17 * 1024) });

        Assert.Equal(1009, (await socket.WaitUntilClosed()).Code);
    }

    [Fact]
    public async Task A_connection_that_does_not_authenticate_within_ten_seconds_is_closed()
    {
        await using var socket = await WebSocketClient.Connect();

        Assert.Equal(4401, (await socket.WaitUntilClosed(TimeSpan.FromSeconds(30))).Code);
    }

    [Fact]
    public async Task A_header_or_a_ticket_says_who_comes_and_a_token_in_the_address_does_not()
    {
        var nurse = await ApiClient.LogInShared("nurse@general.example");
        using var issued = await nurse.Http.PostAsync("/api/mcp/sse/ticket", null);
        var ticket = (string)(await issued.Content.ReadFromJsonAsync<JsonNode>())!["ticket"]!;

        await using var byTicket = await WebSocketClient.Connect($"ticket={ticket}&resources=patients", gateway: 1);
        await using var byHeader = await WebSocketClient.Connect(options: o => o.SetRequestHeader("Authorization", $"Bearer {nurse.AccessToken}"));
        Assert.Equal(nurse.Id.ToString(), (string?)(await byTicket.Next("auth_success"))["user_id"]);
        await byTicket.Next("subscribed");
        Assert.NotNull((await byHeader.Call("get_current_user"))["result"]);

        await Assert.ThrowsAsync<WebSocketException>(() => WebSocketClient.Connect($"ticket={ticket}"));
        await Assert.ThrowsAsync<WebSocketException>(() => WebSocketClient.Connect($"token={nurse.AccessToken}"));
    }

    [Fact]
    public async Task A_connection_stays_one_users()
    {
        var (nurse, doctor) = (await ApiClient.LogInShared("nurse@general.example"), await ApiClient.LogInShared("doctor@general.example"));
        await using var socket = await WebSocketClient.ConnectAs(nurse);

        await socket.Send(new { type = "auth", token = doctor.AccessToken });
        Assert.Equal("PERMISSION_DENIED", (string?)(await socket.Next("error"))["code"]);

        await socket.Send(new { type = "auth", token = nurse.AccessToken });
        await socket.Next("auth_success");
        Assert.Equal(nurse.Id.ToString(), (string?)(await socket.Call("get_current_user"))["result"]!["id"]);
    }

    [Fact]
    public async Task A_request_that_is_no_WebSocket_is_refused_with_the_reason()
    {
        var nurse = await ApiClient.LogInShared("nurse@general.example");

        using var response = await nurse.Http.GetAsync("/api/mcp/ws");

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.NotNull((await response.Content.ReadFromJsonAsync<JsonNode>())!["error"]!["details"]!["Upgrade"]);
    }

    [Fact]
    public async Task When_disabled_the_endpoint_answers_404()
    {
        await using var gateway = await ServiceProcess.Start(("MCP_WEBSOCKET_ENABLED", "false"));

        using var response = await gateway.Http.GetAsync("/api/mcp/ws");

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Null((await gateway.Http.GetFromJsonAsync<JsonNode>("/api/openapi.json"))!["paths"]!["/api/mcp/ws"]);
    }

    [Fact]
    public async Task Calls_count_against_the_limit_and_the_connection_lives()
    {
        // Redis counts for every gateway, so this test uses an address of its own and a user whom no other test counts.
        await using var gateway = await ServiceProcess.Start(("MCP_RATE_LIMIT", "5"), ("MCP_TRUSTED_PROXIES", "127.0.0.1"));
        var client = await ApiClient.LogIn("nurse@riverside.example");
        await using var socket = await WebSocketClient.Connect(gateway.Http.BaseAddress!, options: o => o.SetRequestHeader("X-Forwarded-For", "203.0.113.200"));
        await socket.Send(new { type = "auth", token = client.AccessToken });
        await socket.Next("auth_success");

        var answers = new List<JsonNode>();
        for (var i = 0; i < 6; i++) answers.Add(await socket.Call("get_current_user"));

        var refused = Assert.Single(answers, a => (string?)a["code"] == "RATE_LIMIT" && a == answers[^2]);
        Assert.True((int)refused["retry_after"]! > 0);
        Assert.Equal(4, answers.Count(a => a["result"] is not null));

        // Invalid JSON counts as a message.
        await socket.SendText("{");
        Assert.Equal("RATE_LIMIT", (string?)(await socket.Next("error"))["code"]);
    }

    [Fact]
    public async Task A_gateway_that_stops_answers_what_was_asked_and_sends_who_listens_to_another_where_they_go_on()
    {
        var (admin, nurse) = (await ApiClient.LogInShared("admin@general.example"), await ApiClient.LogInShared("nurse@general.example"));
        await using var gateway = await ServiceProcess.Start(("MCP_RATE_LIMIT", "0"));
        await using var socket = await WebSocketClient.Connect(gateway.Http.BaseAddress!);
        await socket.Send(new { type = "auth", token = admin.AccessToken, resources = (string[])["patients"] });
        await socket.Next("subscribed");
        await using var listener = await SseClient.Connect(nurse, gateway.Http.BaseAddress!, "resources=patients");
        var before = await NewPatient(admin);
        var place = (await listener.Next("patients", "created", before)).Id;
        var last = (string)(await socket.Next(m => IsUpdate(m, before)))["id"]!;

        // Hashing a password takes a while; the response to the second call shows that the first is in progress.
        await socket.Send(new { type = "tool_invoke", request_id = "slow", tool = "create_user", @params = NewUser(admin) });
        await socket.Call("get_current_user");
        await gateway.Stop();

        var created = Guid.Parse((string)(await socket.Next(m => (string?)m["request_id"] == "slow"))["result"]!["id"]!);
        Assert.Equal(1001, (await socket.WaitUntilClosed()).Code);
        await listener.WaitUntilClosed();
        await using var again = await WebSocketClient.ConnectAs(admin, auth: new { resources = (string[])["patients"], last_event_id = last });
        await again.Next(m => IsUpdate(m, created));
        await using var listening = await SseClient.Connect(nurse, "resources=patients", after: place);
        await listening.Next("patients", "created", created);
        Assert.DoesNotContain(again.Messages, m => IsUpdate(m, before));
    }

    [Fact]
    public async Task A_slow_reader_is_closed_resumes_without_a_gap_and_delays_nobody_else()
    {
        // More than a gateway queues for a subscriber and the system buffers for a connection that nobody reads.
        const int Events = 700;
        const int Size = 16_000;
        var (house, premises) = (await MedCorFixture.Get(), await CatalogueFixture.Foreign);
        using var redis = await ConnectionMultiplexer.ConnectAsync(house.RedisConnectionString);
        var streams = new LiveEventStore(redis);
        using var slow = new ClientWebSocket();
        using var narrow = new HttpMessageInvoker(new SocketsHttpHandler { ConnectCallback = Narrow });
        await slow.ConnectAsync(new UriBuilder(house.Gateways[0]) { Scheme = "ws", Path = "/api/mcp/ws" }.Uri, narrow, CancellationToken.None);
        await slow.SendAsync(Encoding.UTF8.GetBytes($$"""{"type":"auth","token":"{{premises.Admin.AccessToken}}","resources":["patients"]}"""),
            WebSocketMessageType.Text, true, CancellationToken.None);
        // Reads only until the subscription is confirmed.
        while (!(await Receive(slow)).Contains("subscribed", StringComparison.Ordinal)) { }
        await using var other = await WebSocketClient.ConnectAs(premises.Admin, auth: new { resources = (string[])["patients"] });
        await other.Next("subscribed");

        for (var i = 1; i <= Events; i++) await new NumberedEvent(premises.Hospital, i, new string('x', Size)).AppendTo(streams);

        await other.Next(m => Number(m) == Events, TimeSpan.FromSeconds(60));
        Assert.Equal(Enumerable.Range(1, Events), other.Messages.Select(Number).OfType<int>());

        var heard = new List<JsonNode>();
        while (await Receive(slow) is { Length: > 0 } message) heard.Add(JsonNode.Parse(message)!);
        Assert.Equal(4408, (int)slow.CloseStatus!.Value);
        Assert.True(heard.Select(Number).OfType<int>().Last() < Events);

        await using var again = await WebSocketClient.ConnectAs(premises.Admin, gateway: 1,
            auth: new { resources = (string[])["patients"], last_event_id = (string)heard.Last(m => m["id"] is not null)["id"]! });
        await again.Next(m => Number(m) == Events, TimeSpan.FromSeconds(60));
        Assert.Equal(Enumerable.Range(1, Events), heard.Concat(again.Messages).Select(Number).OfType<int>());
    }

    /// <summary>Connects with a small receive buffer, whose size would otherwise depend on the machine.</summary>
    private static async ValueTask<Stream> Narrow(SocketsHttpConnectionContext to, CancellationToken ct)
    {
        var connection = new System.Net.Sockets.Socket(System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp)
        {
            ReceiveBufferSize = 16 * 1024
        };
        await connection.ConnectAsync(to.DnsEndPoint, ct);
        return new System.Net.Sockets.NetworkStream(connection, ownsSocket: true);
    }

    /// <summary>Returns the next message; empty once the server closes.</summary>
    private static async Task<string> Receive(ClientWebSocket socket)
    {
        var (buffer, message) = (new byte[16 * 1024], new MemoryStream());
        while (true)
        {
            var part = await socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None);
            if (part.MessageType == WebSocketMessageType.Close) return "";
            message.Write(buffer, 0, part.Count);
            if (part.EndOfMessage) return Encoding.UTF8.GetString(message.ToArray());
        }
    }

    private static int? Number(JsonNode message) => (string?)message["type"] == "resource_update" ? (int?)message["data"]?["number"] : null;

    private static bool IsUpdate(JsonNode message, Guid id) =>
        (string?)message["type"] == "resource_update" && (string?)message["data"]?["id"] == id.ToString();

    private static async Task<Guid> NewPatient(ApiClient admin)
    {
        var user = await admin.Call<User>("create_user", NewUser(admin));
        return user.Id;
    }

    private static object NewUser(ApiClient admin) =>
        new
        {
            email = $"ws-{Guid.NewGuid():N}@listeners.example", password = "Quite-long-and-rare-7141", first_name = "Willa", last_name = "Socket",
            role = "PATIENT", hospital_id = admin.HospitalId
        };
}
