using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace MedCor.Tests.EndToEnd.Mcp;

/// <summary>Tests the two eras of the protocol: versions with a handshake, and the version that describes itself in every request.</summary>
public sealed class McpProtocolTests
{
    private static readonly Lazy<Task<McpClient>> SharedAgent = new(() => McpClient.Authorize("doctor@general.example"));

    private static Task<McpClient> Agent => SharedAgent.Value;

    [Fact]
    public async Task What_the_server_offers_is_discovered_without_a_handshake()
    {
        var result = await (await Agent).Get("server/discover");

        Assert.Equal([McpClient.Modern], result["supportedVersions"]!.AsArray().Select(version => (string)version!));
        Assert.Equal(["completions", "prompts", "resources", "tools"], result["capabilities"]!.AsObject().Select(c => c.Key).Order());
        Assert.True((bool)result["capabilities"]!["resources"]!["subscribe"]!);
        Assert.Equal((3_600_000, "public", "complete"), ((int)result["ttlMs"]!, (string?)result["cacheScope"], (string?)result["resultType"]));
        Assert.Equal("medcor", (string?)result["_meta"]!["io.modelcontextprotocol/serverInfo"]!["name"]);
        Assert.InRange(((string)result["instructions"]!).Length, 100, 1500);
    }

    [Fact]
    public async Task A_version_that_is_not_spoken_is_refused_with_those_that_are()
    {
        var reply = await (await Agent).SendRaw("""{"jsonrpc":"2.0","id":"a","method":"tools/list"}""", Version("2020-01-01"));

        Assert.Equal((HttpStatusCode.BadRequest, -32022, "a"), (reply.Status, reply.Code, (string?)reply.Body!["id"]));
        Assert.Equal([McpClient.Modern], reply.Error!["data"]!["supported"]!.AsArray().Select(version => (string)version!));
        Assert.Equal("2020-01-01", (string?)reply.Error["data"]!["requested"]);
    }

    [Theory]
    [InlineData("initialize")]
    [InlineData("ping")]
    [InlineData("logging/setLevel")]
    [InlineData("resources/subscribe")]
    [InlineData("resources/unsubscribe")]
    [InlineData("foo/bar")]
    public async Task A_method_that_a_version_does_not_have_is_not_found(string method)
    {
        var agent = await Agent;

        var reply = await agent.Send(method);

        Assert.Equal((HttpStatusCode.NotFound, -32601, agent.LastId), (reply.Status, reply.Code, (int?)reply.Body!["id"]));
    }

    [Theory]
    [InlineData("logging/setLevel", """{"level":"info"}""")]
    [InlineData("resources/subscribe", """{"uri":"medcor://appointments"}""")]
    [InlineData("subscriptions/listen", """{"notifications":{}}""")]
    [InlineData("foo/bar", "{}")]
    public async Task A_method_of_a_capability_that_is_not_offered_is_not_found_after_a_handshake(string method, string parameters)
    {
        var reply = await (await Agent).SendRaw(
            $$"""{"jsonrpc":"2.0","id":1,"method":"{{method}}","params":{{parameters}}}""", Version(McpClient.Legacy));

        Assert.Equal((HttpStatusCode.OK, -32601), (reply.Status, reply.Code));
    }

    [Theory]
    [InlineData("2026-07-28")]
    [InlineData("2099-01-01")]
    [InlineData("1999-01-01")]
    public async Task A_handshake_ends_with_a_version_that_has_one(string requested)
    {
        var reply = await (await Agent).SendRaw(
            $$"""
            {"jsonrpc":"2.0","id":1,"method":"initialize",
                "params":{"protocolVersion":"{{requested}}","capabilities":{},"clientInfo":{"name":"t","version":"1"} } }
            """);

        Assert.True(reply.Result is not null, reply.ToString());
        Assert.Equal(McpClient.Legacy, (string?)reply.Result["protocolVersion"]);
    }

    [Fact]
    public async Task There_are_no_sessions()
    {
        using var response = await Post("""
            {"jsonrpc":"2.0","id":1,"method":"initialize",
                "params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"} } }
            """);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.False(response.Headers.Contains("Mcp-Session-Id"));
    }

    [Fact]
    public async Task A_notification_is_accepted_without_an_answer()
    {
        var agent = await Agent;
        foreach (var (version, method) in ((string, string)[])
            [
                (McpClient.Legacy, "notifications/initialized"), (McpClient.Legacy, "notifications/cancelled"), (McpClient.Modern, "notifications/cancelled"),
            ])
        {
            var reply = await agent.SendRaw($$"""{"jsonrpc":"2.0","method":"{{method}}","params":{"requestId":1} }""", Version(version, method));

            Assert.Equal((version, method, HttpStatusCode.Accepted, ""), (version, method, reply.Status, reply.Text));
        }
    }

    [Fact]
    public async Task A_response_is_refused_where_the_server_asks_nothing()
    {
        var agent = await Agent;
        const string Response = """{"jsonrpc":"2.0","id":1,"result":{}}""";

        var modern = await agent.SendRaw(Response, Version(McpClient.Modern));

        Assert.Equal((HttpStatusCode.BadRequest, -32600), (modern.Status, modern.Code));
        Assert.Equal(HttpStatusCode.Accepted, (await agent.SendRaw(Response, Version(McpClient.Legacy))).Status);
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("DELETE")]
    public async Task A_method_of_HTTP_other_than_POST_is_refused_after_the_token(string method)
    {
        var agent = await Agent;
        using var request = new HttpRequestMessage(new(method), "/mcp?read_only=true");
        using var response = await agent.Http.SendAsync(request);
        Assert.Equal((HttpStatusCode.MethodNotAllowed, "POST"), (response.StatusCode, string.Join(", ", response.Content.Headers.Allow)));

        var forged = await (await McpClient.WithToken("no.token.atall")).SendRaw("", method: new(method));

        Assert.Equal(HttpStatusCode.Unauthorized, forged.Status);
        Assert.Contains("error=\"invalid_token\"", forged.Challenge, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_that_is_too_large_too_deep_or_no_JSON_is_refused()
    {
        var agent = await Agent;
        var large = await agent.SendRaw($$"""{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":"{{new string('x', 1024 * 1024)}}"} }""");
        Assert.Equal((HttpStatusCode.RequestEntityTooLarge, -32600), (large.Status, large.Code));

        var deep = await agent.SendRaw($$"""{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":{{new string('[', 63)}}{{new string(']', 63)}}} }""");
        Assert.Equal((HttpStatusCode.BadRequest, -32700), (deep.Status, deep.Code));

        using var text = await Post("""{"jsonrpc":"2.0","id":1,"method":"ping"}""", type: "text/plain");
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, text.StatusCode);

        var subscription = await agent.Send("subscriptions/listen",
            new() { ["notifications"] = new JsonObject { ["resourceSubscriptions"] = new JsonArray("medcor://" + new string('x', 64 * 1024)) } });
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, subscription.Status);
    }

    [Theory]
    [InlineData("tools/call", "{}")]
    [InlineData("tools/call", """{"name":7}""")]
    [InlineData("tools/call", """{"name":"list_doctors","arguments":[]}""")]
    [InlineData("tools/list", """{"cursor":7}""")]
    [InlineData("prompts/get", "{}")]
    [InlineData("prompts/get", """{"name":null}""")]
    [InlineData("resources/read", "{}")]
    [InlineData("resources/read", """{"uri":[]}""")]
    [InlineData("completion/complete", "{}")]
    [InlineData("completion/complete", """{"ref":{"type":"ref/prompt","name":"appointment_booking"}}""")]
    [InlineData("completion/complete", """{"ref":{"type":"ref/prompt","name":"appointment_booking"},"argument":{"name":"doctor_id","value":7}}""")]
    [InlineData("completion/complete", """{"ref":"appointment_booking","argument":{"name":"doctor_id","value":"ad"}}""")]
    [InlineData("initialize", "{}")]
    [InlineData("initialize", """{"protocolVersion":7}""")]
    public async Task Parameters_that_cannot_be_read_are_invalid_and_no_failure(string method, string parameters)
    {
        var reply = await (await Agent).SendRaw(
            $$"""{"jsonrpc":"2.0","id":1,"method":"{{method}}","params":{{parameters}}}""", Version(McpClient.Legacy));

        Assert.Equal((HttpStatusCode.OK, -32602, 1), (reply.Status, reply.Code, (int?)reply.Body!["id"]));
    }

    [Theory]
    [InlineData("tools/call")]
    [InlineData("prompts/get")]
    [InlineData("resources/read")]
    [InlineData("completion/complete")]
    public async Task Parameters_that_are_missing_are_invalid_and_no_failure(string method)
    {
        var reply = await (await Agent).SendRaw($$"""{"jsonrpc":"2.0","id":1,"method":"{{method}}"}""", Version(McpClient.Legacy));

        Assert.Equal((HttpStatusCode.OK, -32602), (reply.Status, reply.Code));
    }

    [Theory]
    [InlineData("tools/call", "\"name\":7", "7")]
    [InlineData("tools/call", "\"name\":\"list_doctors\",\"arguments\":[]", "list_doctors")]
    [InlineData("tools/call", "\"name\":\"list_doctors\",\"requestState\":7", "list_doctors")]
    [InlineData("resources/read", "\"uri\":{}", "x")]
    [InlineData("subscriptions/listen", "\"a\":1", null)]
    [InlineData("subscriptions/listen", "\"notifications\":[]", null)]
    [InlineData("subscriptions/listen", "\"notifications\":{\"resourceSubscriptions\":[7]}", null)]
    public async Task Parameters_that_cannot_be_read_are_invalid_without_a_handshake_too(string method, string member, string? name)
    {
        var headers = Version(McpClient.Modern, method);
        if (name is not null) headers["Mcp-Name"] = name;

        var reply = await (await Agent).SendRaw(
            $$"""{"jsonrpc":"2.0","id":1,"method":"{{method}}","params":{{{member}},"_meta":{{Meta}}} }""", headers);

        Assert.Equal((HttpStatusCode.OK, -32602, 1), (reply.Status, reply.Code, (int?)reply.Body!["id"]));
    }

    [Fact]
    public async Task An_error_carries_the_ID_wherever_it_stands_and_none_where_it_cannot_be_read()
    {
        var agent = await Agent;
        var last = await agent.SendRaw("""{"jsonrpc":"2.0","method":"tools/call","params":{"name":"a","name":"b"},"id":"last"}""");
        Assert.Equal((HttpStatusCode.BadRequest, -32600, "last"), (last.Status, last.Code, (string?)last.Body!["id"]));

        foreach (var (version, hasId) in ((string, bool)[])[(McpClient.Legacy, true), (McpClient.Modern, false)])
        {
            var unread = await agent.SendRaw("{", Version(version));
            Assert.Equal((version, hasId), (version, unread.Body!.ContainsKey("id")));
            Assert.Null(unread.Body["id"]);
        }
    }

    [Fact]
    public async Task A_query_that_is_not_known_is_about_parameters()
    {
        var agent = new McpClient((await Agent).Http) { Query = "?areas=nothing" };

        var reply = await agent.Send("tools/list");

        Assert.Equal((HttpStatusCode.BadRequest, -32602, agent.LastId), (reply.Status, reply.Code, (int?)reply.Body!["id"]));
    }

    [Theory]
    [InlineData("application/json", "application/json")]
    [InlineData("application/json, text/event-stream", "text/event-stream")]
    [InlineData("text/event-stream", "text/event-stream")]
    [InlineData("*/*", "text/event-stream")]
    [InlineData(null, "text/event-stream")]
    public async Task A_client_that_accepts_JSON_alone_gets_JSON(string? accept, string type)
    {
        using var response = await Post("""{"jsonrpc":"2.0","id":1,"method":"tools/list"}""", accept);

        Assert.Equal((HttpStatusCode.OK, type), (response.StatusCode, response.Content.Headers.ContentType?.MediaType));
        var body = await response.Content.ReadAsStringAsync();
        if (type == "application/json") Assert.NotEmpty(JsonNode.Parse(body)!["result"]!["tools"]!.AsArray());
        else Assert.StartsWith("event: message\ndata: {", body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_error_has_its_status_in_JSON_too()
    {
        using var response = await Post(
            $$"""{"jsonrpc":"2.0","id":1,"method":"foo/bar","params":{"_meta":{{Meta}}} }""", "application/json",
            headers: Version(McpClient.Modern, "foo/bar"));

        Assert.Equal((HttpStatusCode.NotFound, "application/json"), (response.StatusCode, response.Content.Headers.ContentType?.MediaType));
        Assert.Equal(-32601, (int)JsonNode.Parse(await response.Content.ReadAsStringAsync())!["error"]!["code"]!);
    }

    private const string Meta =
        """{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{} }""";

    private static Dictionary<string, string> Version(string version, string? method = null)
    {
        var headers = new Dictionary<string, string> { ["MCP-Protocol-Version"] = version };
        if (method is not null) headers["Mcp-Method"] = method;
        return headers;
    }

    private static async Task<HttpResponseMessage> Post(string body, string? accept = null, string type = "application/json",
        Dictionary<string, string>? headers = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/mcp") { Content = new StringContent(body, Encoding.UTF8, type) };
        if (accept is not null) request.Headers.TryAddWithoutValidation("Accept", accept);
        foreach (var (name, value) in headers ?? []) request.Headers.TryAddWithoutValidation(name, value);
        return await (await Agent).Http.SendAsync(request);
    }
}
