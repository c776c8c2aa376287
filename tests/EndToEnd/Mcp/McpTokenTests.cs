using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace MedCor.Tests.EndToEnd.Mcp;

/// <summary>Tests where a token for MCP is good, and for how long the gateway remembers what Identity says about one.</summary>
public sealed class McpTokenTests
{
    private const string Doctor = "doctor@general.example";

    [Fact]
    public async Task A_token_for_MCP_opens_nothing_else()
    {
        var agent = await McpClient.Authorize(Doctor);
        var question = new { messages = new[] { new { role = "user", content = "Hello" } } };
        foreach (var (method, path, body, refused) in ((HttpMethod, string, object?, HttpStatusCode)[])
            [
                (HttpMethod.Get, "/api/mcp/tools", null, HttpStatusCode.Unauthorized),
                (HttpMethod.Post, "/api/mcp/tools/list_doctors", new { }, HttpStatusCode.Unauthorized),
                (HttpMethod.Post, "/api/mcp/tools/invoke", new { tool = "list_doctors" }, HttpStatusCode.Unauthorized),
                (HttpMethod.Post, "/api/mcp/batch", new { requests = new[] { new { tool = "list_doctors" } } }, HttpStatusCode.Unauthorized),
                (HttpMethod.Get, "/api/mcp/resources/doctors", null, HttpStatusCode.Unauthorized),
                (HttpMethod.Get, "/api/mcp/sse", null, HttpStatusCode.Unauthorized),
                (HttpMethod.Post, "/api/mcp/sse/ticket", null, HttpStatusCode.Unauthorized),
                (HttpMethod.Post, "/mcp/execute", question, HttpStatusCode.Forbidden),
            ])
        {
            using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
            using var answer = await agent.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);

            Assert.Equal((path, refused), (path, answer.StatusCode));
        }

        await using var socket = await WebSocketClient.Connect();
        await socket.Send(new { type = "auth", token = agent.Http.DefaultRequestHeaders.Authorization!.Parameter });
        Assert.Equal(4401, (await socket.WaitUntilClosed()).Code);
    }

    [Fact]
    public async Task A_token_outside_its_header_is_none()
    {
        var token = (await McpClient.Authorize(Doctor)).Http.DefaultRequestHeaders.Authorization!.Parameter!;
        var nobody = await McpClient.WithToken(null);

        foreach (var name in (string[])["access_token", "token", "authorization"])
        {
            var inQuery = await new McpClient(nobody.Http) { Query = $"?{name}={token}" }.Send("tools/list");
            var inBody = await nobody.Send("tools/list", new() { [name] = token }, meta: new() { [name] = token });

            Assert.Equal((name, HttpStatusCode.Unauthorized, HttpStatusCode.Unauthorized), (name, inQuery.Status, inBody.Status));
        }
    }

    [Theory]
    [InlineData("/mcp")]
    [InlineData("/mcp/")]
    [InlineData("/mcp?areas=appointments,people&read_only=true")]
    [InlineData("")]
    public async Task A_client_may_name_MCP_by_the_address_at_which_it_uses_it(string path)
    {
        using var client = await OAuthClient.Register();
        var here = client.Issuer;
        foreach (var resource in (string[])[here + path, here.Replace("localhost", "127.0.0.1", StringComparison.Ordinal) + path])
        {
            var callback = await client.Authorize(Doctor, "Demo-Medcor-2026", ["medcor.read"], changes: ("resource", resource));
            var (status, tokens) = await client.Redeem(callback["code"]);

            Assert.True(status == HttpStatusCode.OK, $"{resource}: {tokens.ToJsonString()}");
            var agent = await McpClient.WithToken(tokens.AccessToken());
            Assert.NotNull((await agent.Send("tools/list")).Result);
        }
    }

    [Fact]
    public async Task A_gateway_without_a_public_URL_names_the_authorization_server_of_a_developers_machine()
    {
        await using var gateway = await ServiceProcess.Start(("Identity__PublicUrl", null));

        var metadata = JsonNode.Parse(await gateway.Http.GetStringAsync(new Uri("/.well-known/oauth-protected-resource/mcp", UriKind.Relative)))!;

        Assert.Equal("http://localhost:8002/mcp", (string?)metadata["resource"]);
        Assert.Equal(["http://localhost:8002"], metadata["authorization_servers"]!.AsArray().Select(server => (string?)server));
    }

    [Fact]
    public async Task Identity_is_not_asked_at_every_request_whether_a_session_is_over()
    {
        var asked = 0;
        using var real = new HttpClient { BaseAddress = (await MedCorFixture.Get()).GetAddress("identity") };
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        await using var identity = builder.Build();
        identity.Run(async http =>
        {
            if (http.Request.Path == "/sessions/exchange")
            {
                Interlocked.Increment(ref asked);
                http.Response.StatusCode = StatusCodes.Status401Unauthorized;
            }
            else
            {
                http.Response.ContentType = "application/json";
                await http.Response.WriteAsync(await real.GetStringAsync(new Uri(http.Request.Path, UriKind.Relative)));
            }
        });
        await identity.StartAsync();
        await using var gateway = await ServiceProcess.Start(("services__identity__http__0", identity.Urls.Single()), ("services__identity__http__1", null));
        gateway.Http.DefaultRequestHeaders.Authorization = (await McpClient.Authorize(Doctor)).Http.DefaultRequestHeaders.Authorization;
        var agent = new McpClient(gateway.Http);

        for (var i = 0; i < 30; i++)
        {
            var reply = await agent.Send("tools/list");
            Assert.Equal(HttpStatusCode.Unauthorized, reply.Status);
            Assert.Contains("error=\"invalid_token\"", reply.Challenge, StringComparison.Ordinal);
        }

        // Again after some seconds: the session may have lacked only a second factor. A busy machine takes that long for these requests.
        Assert.InRange(asked, 1, 10);
    }
}
