using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace MedCor.Tests.EndToEnd.Mcp;

/// <summary>Tests what a client learns of a call that takes long.</summary>
public sealed class McpProgressTests
{
    private static readonly JsonObject Parameters = new()
    {
        ["name"] = "get_hospital", ["arguments"] = new JsonObject { ["hospital_id"] = Guid.NewGuid() },
    };

    [Fact]
    public async Task A_client_that_asks_for_it_learns_each_second_that_a_call_is_running()
    {
        var end = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        await using var service = builder.Build();
        service.Run(async context =>
        {
            await end.Task;
            await context.Response.WriteAsJsonAsync(new { id = Guid.NewGuid(), name = "Clinic East" });
        });
        await service.StartAsync();
        await using var gateway = await ServiceProcess.Start(("services__hospital__http__0", service.Urls.Single()), ("services__hospital__http__1", null));
        var token = (await McpClient.Authorize(TestUser.PlatformAdminEmail)).Http.DefaultRequestHeaders.Authorization;
        using var http = new HttpClient { BaseAddress = gateway.Http.BaseAddress, Timeout = TimeSpan.FromMinutes(1) };
        http.DefaultRequestHeaders.Authorization = token;

        foreach (var version in (string[])[McpClient.Modern, McpClient.Legacy])
        {
            end = new(TaskCreationOptions.RunContinuationsAsynchronously);
            var silent = new McpClient(http).Send("tools/call", Parameters, version);
            var messages = await Call(http, version, received =>
            {
                if (received == 2) end.SetResult();
            });

            Assert.True(messages.Count >= 3, $"{version}: {messages.Count}");
            foreach (var (message, index) in messages.SkipLast(1).Select((message, index) => (message, index)))
            {
                Assert.Equal("notifications/progress", (string?)message["method"]);
                Assert.Equal(("a token", (double)index + 1, "calling get_hospital"), (
                    (string?)message["params"]!["progressToken"], (double)message["params"]!["progress"]!, (string?)message["params"]!["message"]));
            }
            Assert.Equal("Clinic East", (string?)messages[^1]["result"]!["structuredContent"]!["name"]);
            Assert.Single((await silent).Text.Split('\n'), line => line.StartsWith("data: ", StringComparison.Ordinal));
        }
    }

    /// <summary>Calls the tool with a token for progress, and returns all messages of the response.</summary>
    /// <param name="onMessage">Receives the number of messages so far.</param>
    private static async Task<List<JsonNode>> Call(HttpClient http, string version, Action<int> onMessage)
    {
        var parameters = Parameters.DeepClone();
        var meta = new JsonObject { ["progressToken"] = "a token" };
        if (version == McpClient.Modern)
        {
            meta["io.modelcontextprotocol/protocolVersion"] = version;
            meta["io.modelcontextprotocol/clientCapabilities"] = new JsonObject();
        }
        parameters["_meta"] = meta;
        using var request = new HttpRequestMessage(HttpMethod.Post, "/mcp")
        {
            Content = JsonContent.Create(new JsonObject { ["jsonrpc"] = "2.0", ["id"] = 1, ["method"] = "tools/call", ["params"] = parameters }),
        };
        request.Headers.Add("MCP-Protocol-Version", version);
        if (version == McpClient.Modern)
        {
            request.Headers.Add("Mcp-Method", "tools/call");
            request.Headers.Add("Mcp-Name", (string)parameters["name"]!);
        }
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        var messages = new List<JsonNode>();
        while (await reader.ReadLineAsync() is { } line)
        {
            if (!line.StartsWith("data: ", StringComparison.Ordinal)) continue;
            messages.Add(JsonNode.Parse(line[6..])!);
            onMessage(messages.Count);
        }
        return messages;
    }
}
