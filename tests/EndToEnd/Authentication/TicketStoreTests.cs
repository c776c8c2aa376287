using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using MedCor.Tests.EndToEnd.Chat;

namespace MedCor.Tests.EndToEnd.Authentication;

/// <summary>Tests tickets: a ticket is valid for the path for which it was issued, or, issued for none, for any path that accepts tickets.</summary>
[Collection(nameof(ChatCollection))]
public class TicketStoreTests(ChatFixture system)
{
    private const string Events = "/api/mcp/sse", Socket = "/api/mcp/ws";

    [Fact]
    public async Task A_ticket_opens_the_path_that_it_was_asked_for_and_no_other()
    {
        var nurse = await ApiClient.LogInShared("nurse@general.example");
        string[] calls = [.. await Task.WhenAll(
            Enumerable.Range(0, 2).Select(async _ => $"/mcp/stream/{await system.ClientFor(nurse.AccessToken).Start(ChatFixture.NewQuestion())}"))];
        string[] paths = [Events, Socket, .. calls];

        foreach (var meant in paths)
            foreach (var path in paths)
                Assert.Equal((meant, path, meant == path), (meant, path, await Opens(path, await Issue(nurse, new { path = meant }), gateway: 1)));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("{}")]
    [InlineData("""{"path": null}""")]
    public async Task A_ticket_that_was_asked_for_no_path_opens_any_that_takes_tickets_once(string? body)
    {
        var nurse = await ApiClient.LogInShared("nurse@general.example");
        foreach (var path in new[] { Events, Socket, $"/mcp/stream/{await system.ClientFor(nurse.AccessToken).Start(ChatFixture.NewQuestion())}" })
        {
            var ticket = await Issue(nurse, body is null ? null : JsonNode.Parse(body));
            Assert.True(await Opens(path, ticket), path);
            Assert.False(await Opens(path, ticket), path);
        }
    }

    [Fact]
    public async Task A_path_is_the_same_however_it_is_written()
    {
        var nurse = await ApiClient.LogInShared("nurse@general.example");
        var call = await system.ClientFor(nurse.AccessToken).Start(ChatFixture.NewQuestion());

        foreach (var (meant, path) in new[] { ("/API/mcp/SSE/", Events), (Socket, "/api/mcp/ws/"), ($"/MCP/stream/{$"{call}".ToUpperInvariant()}/",
            $"/mcp/stream/{call}/"), ($"/mcp/stream/{call}", $"/MCP/stream/{$"{call}".ToUpperInvariant()}") })
            Assert.True(await Opens(path, await Issue(nurse, new { path = meant })), path);
    }

    [Theory]
    [InlineData("/api/mcp/tools")]
    [InlineData("/api/mcp/sse/ticket")]
    [InlineData("/mcp/stream/")]
    [InlineData("/mcp/stream/invalid-call-id")]
    [InlineData("/mcp/stream/01980a3c5d2e7b419c073f6a1e8b2d54")]
    [InlineData("https://elsewhere.example/api/mcp/sse")]
    [InlineData("")]
    public async Task No_ticket_is_issued_for_a_path_that_takes_none(string path)
    {
        using var answer = await Post(await ApiClient.LogInShared("nurse@general.example"), JsonContent.Create(new { path }));

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.NotNull((await answer.Content.ReadFromJsonAsync<JsonNode>())!["error"]!["details"]!["path"]);
    }

    [Fact]
    public async Task A_body_that_is_none_is_refused()
    {
        var nurse = await ApiClient.LogInShared("nurse@general.example");
        using var text = await Post(nurse, new StringContent("path=/api/mcp/sse"));
        using var other = await Post(nurse, JsonContent.Create(new { paths = Events }));
        using var broken = await Post(nurse, new StringContent("{", null, "application/json"));

        Assert.Equal([HttpStatusCode.UnsupportedMediaType, HttpStatusCode.BadRequest, HttpStatusCode.BadRequest],
            new[] { text, other, broken }.Select(a => a.StatusCode));
    }

    private async Task<string> Issue(ApiClient client, object? body)
    {
        using var answer = await Post(client, body is null ? null : JsonContent.Create(body));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return (string)(await answer.Content.ReadFromJsonAsync<JsonNode>())!["ticket"]!;
    }

    private async Task<HttpResponseMessage> Post(ApiClient client, HttpContent? body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/mcp/sse/ticket")
        {
            Content = body, Headers = { Authorization = new("Bearer", client.AccessToken) }
        };
        return await system.Gateways[0].Http.SendAsync(request);
    }

    /// <summary>Returns whether a ticket is accepted. Asserts that a refusal is one of the ticket.</summary>
    private async Task<bool> Opens(string path, string ticket, int gateway = 0)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{path}?ticket={ticket}");
        if (path.StartsWith(Socket, StringComparison.Ordinal))
        {
            request.Headers.Connection.Add("Upgrade");
            request.Headers.Upgrade.Add(new("websocket"));
            request.Headers.Add("Sec-WebSocket-Version", "13");
            request.Headers.Add("Sec-WebSocket-Key", Convert.ToBase64String(new byte[16]));
        }
        using var answer = await system.Gateways[gateway].Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        if (answer.StatusCode is HttpStatusCode.OK or HttpStatusCode.SwitchingProtocols) return true;
        Assert.True(answer.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden, $"{path}: {answer.StatusCode}");
        return false;
    }
}
