using System.Net;
using System.Net.Http.Json;
using MedCor.Contracts;
using StackExchange.Redis;

namespace MedCor.Tests.EndToEnd.Chat;

/// <summary>
/// Tests the chat endpoints: any number of readers receive an answer from its first event, at any gateway, and errors have the form of the chat API.
/// </summary>
[Collection(nameof(ChatCollection))]
public class ChatEndpointsTests(ChatFixture system)
{
    [Fact]
    public async Task Twenty_readers_early_and_late_at_both_gateways_read_the_same()
    {
        var question = ChatFixture.NewQuestion();
        var tokens = Enumerable.Range(0, 60).Select(i => $" word{i}").ToArray();
        var (half, rest) = (new TaskCompletionSource(), new TaskCompletionSource());
        system.Model.OnQuestion(question, async model =>
        {
            await model.WaitFor(half.Task);
            foreach (var token in tokens[..30]) await model.SendToken(token);
            await model.WaitFor(rest.Task);
            await model.SendAnswer(tokens[30..]);
        });
        var call = await system.ServerTokenClient().Start(question);

        var early = Enumerable.Range(0, 8).Select(i => system.ServerTokenClient(i % 2).ReadToEnd(call)).ToArray();
        half.SetResult();
        using (var amid = await system.ServerTokenClient().OpenStream(call)) Assert.Equal(30, await ChatStreamClient.ReadEvents(amid).Take(30).CountAsync());
        var midway = Enumerable.Range(0, 6).Select(i => system.ServerTokenClient(i % 2).ReadToEnd(call)).ToArray();
        rest.SetResult();
        var first = await early[0];
        var late = Enumerable.Range(0, 6).Select(i => system.ServerTokenClient(i % 2).ReadToEnd(call)).ToArray();

        var all = await Task.WhenAll([.. early, .. midway, .. late]);
        Assert.Equal([.. tokens, string.Concat(tokens)], first.Select(t => t.Text!));
        Assert.Equal([.. Enumerable.Repeat("partial", 60), "final"], first.Select(t => t.Name));
        Assert.Equal(Enumerable.Range(1, 61).Select(n => $"{n}"), first.Select(t => t.Id));
        Assert.All(first, t => Assert.Equal(t.Name, (string?)t.Data["type"]));
        Assert.All(all, told => Assert.Equal(first.Select(Line), told.Select(Line)));
        Assert.Single(system.Model.RequestsFor(question));
    }

    [Fact]
    public async Task Tokens_come_while_the_model_is_still_answering()
    {
        var question = ChatFixture.NewQuestion();
        var goOn = system.Model.PauseAfter(question, ["One"], " two");
        using var answer = await system.ServerTokenClient(1).OpenStream(await system.ServerTokenClient().Start(question));
        var told = ChatStreamClient.ReadEvents(answer).GetAsyncEnumerator();

        Assert.True(await told.MoveNextAsync());
        Assert.Equal("One", told.Current.Text);
        goOn.SetResult();
        Assert.True(await told.MoveNextAsync());
        Assert.Equal(" two", told.Current.Text);
    }

    [Fact]
    public async Task A_reader_resumes_at_the_other_gateway()
    {
        var question = ChatFixture.NewQuestion();
        var goOn = system.Model.PauseAfter(question, StubModelServer.DefaultTokens[..3], StubModelServer.DefaultTokens[3..]);
        var call = await system.ServerTokenClient().Start(question);
        string last;
        using (var answer = await system.ServerTokenClient().OpenStream(call)) last = (await ChatStreamClient.ReadEvents(answer).Take(3).LastAsync()).Id;
        goOn.SetResult();

        var rest = await system.ServerTokenClient(1).ReadToEnd(call, after: last);

        Assert.Equal([.. StubModelServer.DefaultTokens[3..], string.Concat(StubModelServer.DefaultTokens)], rest.Select(t => t.Text!));
        Assert.Equal(["4", "5", "6", "7", "8"], rest.Select(t => t.Id));
        using var again = await system.ServerTokenClient(1).OpenStream(call, query: "?last_event_id=6");
        Assert.Equal(["7", "8"], await ChatStreamClient.ReadEvents(again).Select(t => t.Id).ToArrayAsync());
        using var nothing = await system.ServerTokenClient().OpenStream(call, after: "8");
        Assert.Equal(HttpStatusCode.NoContent, nothing.StatusCode);
    }

    [Fact]
    public async Task An_answer_that_was_complete_before_its_replica_was_gone_is_read_to_its_end()
    {
        var call = await system.ServerTokenClient().Start(ChatFixture.NewQuestion());
        await system.ServerTokenClient().ReadToEnd(call);

        // Simulates a replica that stored the answer and was lost before it published the end: another replica has marked the run as failed in Redis.
        using (var redis = await ConnectionMultiplexer.ConnectAsync((await MedCorFixture.Get()).RedisConnectionString))
        {
            var (db, end, last) = (redis.GetDatabase(), $"{StubModelServer.DefaultTokens.Length + 1}-0", $"medcor:chat:events:{call}");
            await db.ExecuteAsync("XDEL", last, end);
            await db.ExecuteAsync("XSETID", last, $"{StubModelServer.DefaultTokens.Length}-0");
            await db.ExecuteAsync("XADD", last, end, "s", "ERROR", "e", "");
            await db.HashSetAsync($"medcor:chat:call:{call}", "state", "ERROR");
        }

        Assert.Equal(["partial", "final"], (await system.ServerTokenClient(1).ReadToEnd(call)).Select(t => t.Name));
        // The second position is after the event that reported the failure.
        foreach (var after in new[] { 3, StubModelServer.DefaultTokens.Length + 1 })
            Assert.Equal([string.Concat(StubModelServer.DefaultTokens)],
                (await system.ServerTokenClient().ReadToEnd(call, after: $"{after}")).Select(t => t.Text));
    }

    [Fact]
    public async Task A_browser_reads_with_a_ticket_which_is_good_once()
    {
        var nurse = await ApiClient.LogInShared("nurse@general.example");
        var call = await system.ClientFor(nurse.AccessToken).Start(ChatFixture.NewQuestion());
        var ticket = (string)(await system.ClientFor(nurse.AccessToken).Send(HttpMethod.Post, "/api/mcp/sse/ticket")).Body!["ticket"]!;

        using var answer = await new ChatStreamClient(system.Gateways[1].Http, token: null).OpenStream(call, query: $"?ticket={ticket}");
        using var again = await new ChatStreamClient(system.Gateways[1].Http, token: null).OpenStream(call, query: $"?ticket={ticket}");

        Assert.Equal("final", (await ChatStreamClient.ReadEvents(answer).LastAsync()).Name);
        Assert.Equal(HttpStatusCode.Forbidden, again.StatusCode);
    }

    [Fact]
    public async Task A_stream_in_which_nothing_comes_ends_and_can_be_gone_on_with()
    {
        var question = ChatFixture.NewQuestion();
        var goOn = system.Model.PauseAfter(question, ["One"], " two");
        await using var impatient = await ChatFixture.StartGateway(system.ChatReplicas, ("MCP_STREAM_TIMEOUT", "1"));
        var call = await system.ServerTokenClient().Start(question);

        var told = await new ChatStreamClient(impatient.Http, ChatStreamClient.ServerToken).ReadToEnd(call);
        goOn.SetResult();
        var rest = await system.ServerTokenClient().ReadToEnd(call, after: told[0].Id);

        Assert.Equal(["partial", "error"], told.Select(t => t.Name));
        Assert.True(told[1].IsRetryable);
        Assert.Equal([" two", "One two"], rest.Select(t => t.Text));
    }

    [Fact]
    public async Task A_gateway_that_stops_lets_answers_end()
    {
        var question = ChatFixture.NewQuestion();
        var goOn = system.Model.PauseAfter(question, ["One"], " two");
        await using var stopping = await ChatFixture.StartGateway(system.ChatReplicas);
        var call = await system.ServerTokenClient().Start(question);
        using var answer = await new ChatStreamClient(stopping.Http, ChatStreamClient.ServerToken).OpenStream(call);
        var told = ChatStreamClient.ReadEvents(answer).GetAsyncEnumerator();
        Assert.True(await told.MoveNextAsync());

        var stops = stopping.Stop();
        await Wait.Until(async () => !await IsOpen(stopping), "the gateway takes no more connections");
        goOn.SetResult();

        Assert.True(await told.MoveNextAsync());
        Assert.True(await told.MoveNextAsync());
        Assert.Equal("final", told.Current.Name);
        Assert.False(await told.MoveNextAsync());
        await stops;
    }

    [Fact]
    public async Task The_stream_of_a_user_who_logs_out_ends()
    {
        var nurse = await ApiClient.LogIn("nurse@general.example");
        var question = ChatFixture.NewQuestion();
        system.Model.OnQuestion(question, async model =>
        {
            // In steps short enough that the model does not count as stalled.
            using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(200));
            while (await timer.WaitForNextTickAsync()) await model.SendToken("word ");
        });
        var call = await system.ClientFor(nurse.AccessToken).Start(question);
        using var answer = await system.ClientFor(nurse.AccessToken).OpenStream(call);
        var told = ChatStreamClient.ReadEvents(answer).GetAsyncEnumerator();
        Assert.True(await told.MoveNextAsync());

        using (await nurse.Http.PostAsJsonAsync("/api/auth/logout/", new { refresh_token = nurse.RefreshToken })) { }

        while (told.Current.Name == "partial") Assert.True(await told.MoveNextAsync());
        Assert.Equal("error", told.Current.Name);
        Assert.False(await told.MoveNextAsync());
        var other = await ApiClient.LogInShared("nurse@general.example");
        await system.ClientFor(other.AccessToken).Cancel(call);
    }

    [Theory]
    [InlineData("nurse@general.example")]
    [InlineData("admin@general.example")]
    [InlineData("doctor@riverside.example")]
    [InlineData("admin@medcor.example")]
    [InlineData(null)]
    public async Task Other_users_cannot_read_cancel_or_detect_a_call(string? other)
    {
        var (doctor, somebody) = (await ApiClient.LogInShared("doctor@general.example"), other is null ? null : await ApiClient.LogInShared(other));
        var question = ChatFixture.NewQuestion();
        var goOn = system.Model.PauseAfter(question, [], "Done");
        var call = await system.ClientFor(doctor.AccessToken).Start(question);
        var stranger = system.ClientFor(somebody?.AccessToken ?? ChatStreamClient.ServerToken, gateway: 1);

        foreach (var (method, path) in new[] { (HttpMethod.Get, "stream"), (HttpMethod.Post, "cancel") })
        {
            var (found, missing) = (await stranger.Send(method, $"/mcp/{path}/{call}"), await stranger.Send(method, $"/mcp/{path}/{Guid.Empty}"));
            Assert.Equal((HttpStatusCode.NotFound, HttpStatusCode.NotFound), (found.Status, missing.Status));
            Assert.Equal(missing.Body!.ToJsonString().Replace($"{Guid.Empty}", "", StringComparison.Ordinal),
                found.Body!.ToJsonString().Replace($"{call}", "", StringComparison.Ordinal));
        }

        goOn.SetResult();
        Assert.Equal(["Done", "Done"], (await system.ClientFor(doctor.AccessToken).ReadToEnd(call)).Select(t => t.Text));
    }

    [Fact]
    public async Task Every_error_of_the_table_has_its_status_code_and_form()
    {
        var (someone, nobody, stranger) = (system.ServerTokenClient(), new ChatStreamClient(system.Gateways[0].Http, token: null),
            system.ClientFor("wrong-token"));
        object question = new { messages = new[] { new { role = "user", content = "What is anemia?" } } };

        await Expect(401, "AUTH_ERROR", "AuthenticationError", nobody.Send(HttpMethod.Get, "/mcp/manifest"));
        await Expect(401, "AUTH_ERROR", "AuthenticationError", nobody.Execute(question));
        await Expect(401, "AUTH_ERROR", "AuthenticationError", nobody.CancelAll());
        await Expect(401, "AUTH_ERROR", "AuthenticationError", system.ClientFor("").Execute(question));
        await Expect(403, "AUTHZ_ERROR", "AuthorizationError", stranger.Execute(question));
        await Expect(403, "AUTHZ_ERROR", "AuthorizationError", stranger.Send(HttpMethod.Get, $"/mcp/stream/{Guid.NewGuid()}"));
        await Expect(404, "TOOL_NOT_FOUND", "ToolNotFoundError", someone.Execute(new { tool = "invalid_tool", input = question }),
            "Tool 'invalid_tool' not found");
        await Expect(404, "TOOL_NOT_FOUND", "ToolNotFoundError", someone.Execute(new { tool = "weather", input = new { city = "Bern" } }),
            "Tool 'weather' not found");
        await Expect(404, "CALL_NOT_FOUND", "CallNotFoundError", someone.Cancel("invalid-call-id"), "Call 'invalid-call-id' not found");
        await Expect(404, "CALL_NOT_FOUND", "CallNotFoundError", someone.Cancel(Guid.NewGuid()));
        var call = await someone.Start(ChatFixture.NewQuestion());
        foreach (var spelling in (string[])[$"{call:N}", $"{{{call}}}", $"({call})", $"%20{call}"])
        {
            await Expect(404, "CALL_NOT_FOUND", "CallNotFoundError", someone.Cancel(spelling));
            await Expect(404, "CALL_NOT_FOUND", "CallNotFoundError", someone.Send(HttpMethod.Get, $"/mcp/stream/{spelling}"));
        }
        await Expect(404, "CALL_NOT_FOUND", "CallNotFoundError", someone.Send(HttpMethod.Get, "/mcp/stream/invalid-call-id"),
            "Call 'invalid-call-id' not found");
        await Expect(404, "RESOURCE_NOT_FOUND", "NotFoundError", someone.Send(HttpMethod.Get, "/mcp/nothing"));
        await Expect(405, "VALIDATION_ERROR", "ValidationError", someone.Send(HttpMethod.Get, "/mcp/execute"));
        await Expect(413, "VALIDATION_ERROR", "ValidationError",
            someone.Execute(new { messages = new[] { new { role = "user", content = new string('x', 1024 * 1024) } } }));
        await Expect(415, "VALIDATION_ERROR", "ValidationError", someone.Send(HttpMethod.Post, "/mcp/execute", new StringContent("x")));
        await Expect(422, "VALIDATION_ERROR", "ValidationError",
            someone.Send(HttpMethod.Post, "/mcp/execute", new StringContent("{", null, "application/json")));
        await Expect(422, "VALIDATION_ERROR", "ValidationError", someone.Send(HttpMethod.Get, $"/mcp/stream/{Guid.NewGuid()}?last_event_id=x&token=y"),
            "last_event_id", "token");
        await Expect(422, "VALIDATION_ERROR", "ValidationError", someone.Send(HttpMethod.Get, $"/mcp/stream/{Guid.NewGuid()}?last_event=4"),
            "last_event is not a parameter", "Did you mean last_event_id?");

        await Expect(422, "VALIDATION_ERROR", "ValidationError", someone.Send(HttpMethod.Post, "/mcp/execute",
            new StringContent("""{"messages": [{"role": "user", "content": "x"}], "metadata": {"a": "\ud800"}}""", null, "application/json")), "metadata");
        await Expect(422, "VALIDATION_ERROR", "ValidationError",
            someone.Execute(new { tool = "openai_chat", input = new { messages = new[] { new { role = "", content = "x" } }, model = "" } }),
            "input.messages[0].role", "input.model");
        await Expect(422, "VALIDATION_ERROR", "ValidationError", someone.Execute(new { }), "messages is required");
        await Expect(422, "VALIDATION_ERROR", "ValidationError",
            someone.Execute(new { messages = new[] { new { role = "user", content = "x" } }, request_id = "" }), "request_id must have 1 to 255 characters");
        await Expect(422, "VALIDATION_ERROR", "ValidationError", someone.Execute(new { messages = Array.Empty<object>() }), "messages must have");
        await Expect(422, "VALIDATION_ERROR", "ValidationError", someone.Execute(new { messages = new[] { new { role = "system", content = "Be kind." } } }),
            "messages must contain a message with the role user");
        await Expect(422, "VALIDATION_ERROR", "ValidationError",
            someone.Execute(new
            {
                tool = 7,
                input = new { messages = new[] { new { role = "patient", content = "" } }, max_tokens = 0, temperature = 2, stream = false, top_p = 1 },
                stream = "x", request_id = "", session_id = new string('x', 201), metadata = "none", sesion = "x"
            }),
            "tool", "input.messages[0].role", "input.messages[0].content", "input.max_tokens", "input.temperature", "input.stream must be true",
            "input.top_p is not supported", "; stream must be true or false", "request_id", "session_id", "metadata", "sesion is not a parameter");

        static async Task Expect(int status, string code, string type, Task<ChatResponse> sent, params string[] named)
        {
            var answer = await sent;
            Assert.Equal((status, code, type), ((int)answer.Status, answer.Error.ErrorCode, answer.Error.Type));
            Assert.Equal(["error"], answer.Body!.AsObject().Select(f => f.Key));
            Assert.Equal(["message", "error_code", "type"], answer.Body["error"]!.AsObject().Select(f => f.Key));
            Assert.All(named, name => Assert.Contains(name, answer.Error.Message, StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task Too_many_calls_are_told_when_to_come_again_in_the_same_form()
    {
        var patient = await ApiClient.LogInShared("patient@riverside.example");
        await using var strict = await ChatFixture.StartGateway(system.ChatReplicas, ("MCP_RATE_LIMIT", "2"));
        using var request = new HttpRequestMessage(HttpMethod.Get, "/mcp/manifest") { Headers = { Authorization = new("Bearer", patient.AccessToken) } };
        for (var i = 0; i < 2; i++)
            Assert.Equal(HttpStatusCode.OK, (await new ChatStreamClient(strict.Http, patient.AccessToken).Send(HttpMethod.Get, "/mcp/manifest")).Status);

        using var answer = await strict.Http.SendAsync(request);

        Assert.Equal((HttpStatusCode)429, answer.StatusCode);
        Assert.InRange(answer.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 60);
        Assert.Equal("RATE_LIMIT", (await answer.Content.ReadFromJsonAsync<ChatErrorEnvelope>(Json.Options))!.Error.ErrorCode);
    }

    [Fact]
    public async Task The_manifest_names_the_tool_and_what_it_takes()
    {
        var (status, manifest) = await system.ServerTokenClient().Send(HttpMethod.Get, "/mcp/manifest/");

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(["server_name", "version", "role", "description", "capabilities", "tools"], manifest!.AsObject().Select(f => f.Key));
        var tool = Assert.Single(manifest["tools"]!.AsArray())!;
        Assert.Equal(("openai_chat", "openai_chat", "array of {role, content}"),
            ((string?)tool["id"], (string?)tool["name"], (string?)tool["inputs"]!["messages"]));
    }

    [Fact]
    public async Task Outside_Development_a_server_token_that_can_be_guessed_stops_the_start()
    {
        foreach (var weak in new[] { ChatStreamClient.ServerToken, "short" })
            Assert.Contains("MCP_SERVER_TOKEN", await ServiceProcess.RunGatewayToFailure(("ASPNETCORE_ENVIRONMENT", "Production"),
                ("DOTNET_ENVIRONMENT", "Production"), ("MCP_SERVER_TOKEN", weak), ("MCP_STATE_SECRET", "9f8b1c7de02a4455a1d0c3b2e4f6a798")),
                StringComparison.Ordinal);
    }

    private static async Task<bool> IsOpen(ServiceProcess gateway)
    {
        try
        {
            using var connection = new System.Net.Sockets.TcpClient();
            await connection.ConnectAsync(gateway.Http.BaseAddress!.Host, gateway.Http.BaseAddress.Port);
            return true;
        }
        catch (System.Net.Sockets.SocketException)
        {
            return false;
        }
    }

    private static string Line(ChatEvent told) => $"{told.Id} {told.Name} {told.Data.ToJsonString()}";
}
