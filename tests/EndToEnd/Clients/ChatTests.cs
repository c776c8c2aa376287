using System.Net;
using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Text.Json.Nodes;
using MedCor.Contracts.Chat;

namespace MedCor.Tests.EndToEnd.Clients;

/// <summary>
/// Tests the published chat clients, and the published curl calls as the requests that they send. The demo model answers, and repeats the question in its
/// answer.
/// </summary>
public class ChatTests
{
    /// <summary>The published server token, which is valid in Development.</summary>
    private const string Token = "super-secret-token";

    private const string PrintedCall = "03431c1a-1522-451c-9a28-1926439ae1b4";

    [ProgramFact("python3")]
    public async Task The_printed_python_client_checks_health_and_streams_an_answer()
    {
        var printed = Texts(await PublishedClient.Run("chat.py", "result = printed", new { __name__ = "__main__" }));

        Assert.Equal(["Health: {'status': 'ok'}", "Ready: {'ready': True}", "\nStreaming response:"], printed[..3]);
        // The answer in pieces, then whole, then an empty line.
        var (pieces, whole) = (printed[3..^2], printed[^2]);
        Assert.True(pieces.Length > 10, $"There were {pieces.Length} pieces.");
        Assert.Equal(whole, string.Concat(pieces));
        Assert.Contains("What is anemia?", whole, StringComparison.Ordinal);
    }

    [ProgramFact("python3")]
    public async Task The_printed_python_client_cancels()
    {
        // The first piece arrives before the last is written; otherwise there would be nothing to cancel.
        var result = await Python("""
            call = client.execute('openai_chat', messages)
            events = client.stream(call['call_id'])
            first = next(events)
            result = {'first': first, 'cancelled': client.cancel(call['call_id']), 'last': list(events)[-1]}
            """);

        Assert.Equal("partial", (string?)result["first"]!["type"]);
        Assert.Equal("cancelled", (string?)result["cancelled"]!["status"]);
        Assert.Equal("cancelled", (string?)result["last"]!["type"]);
    }

    [ProgramFact("python3")]
    public async Task The_printed_python_client_asks_once_however_often_it_sends_a_request_id()
    {
        var result = await Python("""
            ask = lambda: client.execute('openai_chat', messages, request_id=request_id)
            first = ask()
            ends = [event['type'] for event in client.stream(first['call_id']) if event['type'] != 'partial']
            result = {'first': first, 'again': ask(), 'ends': ends}
            """);

        Assert.Equal("started", (string?)result["first"]!["status"]);
        Assert.Equal(((string?)result["first"]!["call_id"], "finished"), ((string?)result["again"]!["call_id"], (string?)result["again"]!["status"]));
        Assert.Equal(["final"], Texts(result["ends"]!));
    }

    [ProgramFact("python3")]
    public async Task The_printed_python_client_sees_why_it_is_refused()
    {
        var result = await Python("""
            def refusal(call):
                try:
                    call()
                except requests.exceptions.HTTPError as e:
                    return f"{e.response.status_code} {e.response.json()['error']['error_code']} {e.response.json()['error']['type']}"
            result = [refusal(call) for call in [
                lambda: MCPClient(client.base_url, '').execute('openai_chat', messages),
                lambda: MCPClient(client.base_url, 'another-token').execute('openai_chat', messages),
                lambda: client.execute('invalid_tool', messages),
                lambda: client.execute('openai_chat', []),
                lambda: client.cancel('invalid-call-id'),
                lambda: next(client.stream(request_id)),
            ]]
            """);

        Assert.Equal(
            [
                "401 AUTH_ERROR AuthenticationError",
                "403 AUTHZ_ERROR AuthorizationError",
                "404 TOOL_NOT_FOUND ToolNotFoundError",
                "422 VALIDATION_ERROR ValidationError",
                "404 CALL_NOT_FOUND CallNotFoundError",
                "404 CALL_NOT_FOUND CallNotFoundError",
            ], Texts(result));
    }

    [ProgramFact("python3")]
    public async Task The_printed_python_lines_read_an_answer()
    {
        var printed = Texts(await PublishedClient.Run("answer.py", "result = printed", null, (PrintedCall, await Begun("Hello from Python"))));

        Assert.Equal($"\n\nComplete: {string.Concat(printed[..^1])}", printed[^1]);
        Assert.Contains("Hello from Python", printed[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_printed_javascript_lines_read_an_answer()
    {
        var shown = (await PublishedClient.Run("answer.js", """
            const shown = [];
            console.log = (what, text) => shown.push({ what, text });
            await until(() => shown.at(-1)?.what === 'Complete:');
            return shown;
            """, null, (PrintedCall, await Begun("Hello from JavaScript")))).AsArray();

        Assert.All(shown.SkipLast(1), piece => Assert.Equal("Partial:", (string?)piece!["what"]));
        Assert.Equal((string?)shown[^1]!["text"], string.Concat(shown.SkipLast(1).Select(piece => (string?)piece!["text"])));
        Assert.Contains("Hello from JavaScript", (string?)shown[^1]!["text"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_printed_typescript_client_streams_an_answer()
    {
        var printed = Texts(await TypeScript("return printed;"));

        // In pieces, then whole.
        Assert.Equal(printed[^1], string.Concat(printed[..^1]));
        Assert.Contains("Hello!", printed[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_printed_typescript_client_cancels_and_sees_why_it_is_refused()
    {
        var result = await TypeScript("""
            const ask = tool => client.execute(tool, { messages: [{ role: 'user', content: 'Hello!' }] }, undefined, requestId);
            const call = await ask('openai_chat');
            await client.cancel(call.call_id);
            return { status: (await ask('openai_chat')).status, refusal: await ask('invalid_tool').catch(error => error.message) };
            """);

        Assert.Equal("cancelled", (string?)result["status"]);
        Assert.StartsWith("HTTP 404: {\"error\":{", (string?)result["refusal"], StringComparison.Ordinal);
        Assert.Contains("TOOL_NOT_FOUND", (string?)result["refusal"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_medical_query_is_asked_read_and_followed_up()
    {
        using var http = await Program();
        var session = $"patient-conversation-{Guid.NewGuid()}";
        var (careful, query) = (Says("system", "You are a careful medical assistant."), Says("user", "What are common symptoms of iron deficiency anemia?"));

        var first = await Read(http, await Execute(http,
            new { tool = "openai_chat", input = new { messages = new[] { careful, query }, model = "gpt-4o-mini", max_tokens = 512 }, session_id = session }));
        var followUp = new[] { careful, query, Says("assistant", first), Says("user", "What tests should I ask my doctor about?") };
        var second = await Read(http,
            await Execute(http, new { tool = "openai_chat", input = new { messages = followUp, max_tokens = 400 }, session_id = session }));

        Assert.Contains("iron deficiency anemia", first, StringComparison.Ordinal);
        Assert.Contains("What tests should I ask my doctor about?", second, StringComparison.Ordinal);
    }

    /// <summary>Runs these lines with the Python client's class.</summary>
    private static async Task<JsonNode> Python(string then) =>
        await PublishedClient.Run("chat.py", $"client = MCPClient(gateway, token)\n{then}", new
        {
            gateway = (await MedCorFixture.Get()).Gateways[0], token = Token, messages = new[] { Says("user", "What is anemia?") }, request_id = Guid.NewGuid()
        });

    /// <summary>
    /// Runs the TypeScript client with its published usage, and then these lines. It reads with the browser's EventSource, which sends no headers, and states
    /// that the address must then carry the credentials: a ticket does, together with the ID of the call.
    /// </summary>
    private static async Task<JsonNode> TypeScript(string then)
    {
        using var http = await Program();
        using var response = await http.PostAsync("/api/mcp/sse/ticket", null);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var ticket = (string?)(await response.Content.ReadFromJsonAsync<JsonNode>())!["ticket"];
        return await PublishedClient.Run("chat.ts", then, new { ticket, requestId = Guid.NewGuid() },
            ("client.stream(result.call_id)", "client.stream(`${result.call_id}?ticket=${ticket}`)"));
    }

    /// <summary>Creates a client of a program that chats without a user.</summary>
    private static async Task<HttpClient> Program() =>
        new() { BaseAddress = (await MedCorFixture.Get()).Gateways[0], DefaultRequestHeaders = { Authorization = new("Bearer", Token) } };

    private static object Says(string role, string content) => new { role, content };

    private static object Asking(string question) => new { messages = new[] { Says("user", question) } };

    /// <summary>Starts a chat run and returns its ID.</summary>
    private static async Task<string> Begun(string question)
    {
        using var http = await Program();
        return await Execute(http, Asking(question));
    }

    private static async Task<string> Execute(HttpClient http, object body)
    {
        using var response = await http.PostAsJsonAsync("/mcp/execute", body);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var call = (await response.Content.ReadFromJsonAsync<ChatCall>(ApiClient.CompleteOptions))!;
        Assert.Equal("started", call.Status);
        return call.CallId.ToString();
    }

    /// <summary>Reads the answer of a chat run, and checks that it consists of its pieces.</summary>
    private static async Task<string> Read(HttpClient http, string call)
    {
        using var response = await http.GetAsync($"/mcp/stream/{call}", HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal((HttpStatusCode.OK, "text/event-stream"), (response.StatusCode, response.Content.Headers.ContentType?.MediaType));
        var pieces = "";
        await foreach (var told in SseParser.Create(await response.Content.ReadAsStreamAsync()).EnumerateAsync())
        {
            var text = (string)JsonNode.Parse(told.Data)!["text"]!;
            if (told.EventType == "partial") pieces += text;
            else
            {
                Assert.Equal(("final", pieces), (told.EventType, text));
                return text;
            }
        }
        throw new InvalidOperationException("The stream ended before its answer.");
    }

    private static string[] Texts(JsonNode list) => [.. list.AsArray().Select(text => (string)text!)];
}
