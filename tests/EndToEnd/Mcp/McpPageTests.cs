using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace MedCor.Tests.EndToEnd.Mcp;

/// <summary>Tests MCP as programs that run in a web page use it, and by which addresses it is called.</summary>
public sealed class McpPageTests
{
    private const string Page = "http://localhost:6274";

    /// <summary>What clients send.</summary>
    private static readonly string[] SentHeaders =
        ["authorization", "content-type", "accept", "mcp-protocol-version", "mcp-method", "mcp-name", "mcp-session-id", "last-event-id", "traceparent"];

    /// <summary>What clients read.</summary>
    private static readonly string[] ReadHeaders = ["WWW-Authenticate", "Mcp-Session-Id", "MCP-Protocol-Version", "Retry-After", "X-Request-Id"];

    [Theory]
    [InlineData("/mcp")]
    [InlineData("/mcp/")]
    public async Task A_page_asks_first_and_needs_no_token_for_that(string path)
    {
        using var http = new HttpClient { BaseAddress = (await MedCorFixture.Get()).Gateways[0] };
        using var request = new HttpRequestMessage(HttpMethod.Options, path);
        request.Headers.Add("Origin", Page);
        request.Headers.Add("Access-Control-Request-Method", "POST");
        request.Headers.Add("Access-Control-Request-Headers", string.Join(',', SentHeaders));

        using var answer = await http.SendAsync(request);

        Assert.Equal((HttpStatusCode.NoContent, Page), (answer.StatusCode, Header(answer, "Access-Control-Allow-Origin")));
        Assert.Empty(SentHeaders.Except(Header(answer, "Access-Control-Allow-Headers").Split(',')));
        foreach (var method in (string[])["GET", "POST", "DELETE"])
            Assert.Contains(method, Header(answer, "Access-Control-Allow-Methods").Split(','));
        Assert.Contains("Origin", answer.Headers.Vary);
    }

    [Fact]
    public async Task A_page_reads_why_it_was_refused()
    {
        var user = await TestUser.Create();
        await using var gateway = await ServiceProcess.Start(("MCP_RATE_LIMIT", "4"));
        var token = (await McpClient.Authorize(user.Email, user.Password, ["appointments.read"])).Http.DefaultRequestHeaders.Authorization!.Parameter;
        const string listTools = """{"jsonrpc":"2.0","id":1,"method":"tools/list"}""";
        const string callTool = """{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"list_doctors","arguments":{}}}""";

        using (var answer = await Post(null, listTools)) AssertReadable(answer, HttpStatusCode.Unauthorized, "WWW-Authenticate");
        using (var answer = await Post(token, callTool)) AssertReadable(answer, HttpStatusCode.Forbidden, "WWW-Authenticate");
        for (var i = 0; i < 4; i++) using (await Post(token, listTools)) { }
        using (var answer = await Post(token, listTools)) AssertReadable(answer, HttpStatusCode.TooManyRequests, "Retry-After");

        async Task<HttpResponseMessage> Post(string? bearer, string body)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/mcp") { Content = new StringContent(body, Encoding.UTF8, "application/json") };
            request.Headers.Add("Origin", Page);
            request.Headers.Add("MCP-Protocol-Version", McpClient.Legacy);
            if (bearer is not null) request.Headers.Authorization = new("Bearer", bearer);
            return await gateway.Http.SendAsync(request);
        }

        static void AssertReadable(HttpResponseMessage answer, HttpStatusCode status, string header)
        {
            Assert.Equal((status, Page), (answer.StatusCode, Header(answer, "Access-Control-Allow-Origin")));
            Assert.NotEmpty(Header(answer, header));
            Assert.Empty(ReadHeaders.Except(Header(answer, "Access-Control-Expose-Headers").Split(','), StringComparer.OrdinalIgnoreCase));
        }
    }

    [Fact]
    public async Task A_slash_at_the_end_changes_nothing()
    {
        var agent = await McpClient.Authorize("doctor@general.example");

        var reply = await new McpClient(agent.Http) { Query = "/" }.Send("tools/list");

        Assert.True(JsonNode.DeepEquals((await agent.Get("tools/list"))["tools"], reply.Result?["tools"]), reply.Text);
    }

    [Fact]
    public async Task A_host_that_is_configured_is_a_known_one()
    {
        await using var gateway = await ServiceProcess.Start(("MCP_ALLOWED_HOSTS", "mcp.clinic.example, other.example"));
        foreach (var (host, isKnown) in ((string, bool)[])
            [
                ("mcp.clinic.example", true), ("MCP.Clinic.example:8443", true), ("other.example", true), ("clinic.example", false),
                ("mcp.clinic.example.elsewhere.example", false),
            ])
        {
            var reply = await new McpClient(gateway.Http).SendRaw("""{"jsonrpc":"2.0","id":1,"method":"ping"}""",
                new Dictionary<string, string> { ["Host"] = host });

            // Whoever calls a known host without a token learns where to get one.
            Assert.Equal((host, isKnown ? HttpStatusCode.Unauthorized : HttpStatusCode.Forbidden), (host, reply.Status));
        }
    }

    private static string Header(HttpResponseMessage answer, string name) => answer.Headers.TryGetValues(name, out var values) ? string.Join(',', values) : "";
}
