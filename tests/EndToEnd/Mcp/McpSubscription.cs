using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace MedCor.Tests.EndToEnd.Mcp;

/// <summary>Subscribes to changes of resources and collects what the stream contains, line by line.</summary>
internal sealed class McpSubscription : IAsyncDisposable
{
    private const string Method = "subscriptions/listen";

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(15);

    private readonly HttpResponseMessage _response;
    private readonly CancellationTokenSource _disposing = new();
    private readonly ReceivedItems<string> _lines = new(line => line);
    private readonly Task _reading;

    private McpSubscription(HttpResponseMessage response)
    {
        _response = response;
        _reading = Read();
    }

    /// <summary>Gets the messages received so far, in order.</summary>
    public IReadOnlyList<JsonNode> Messages => [.. _lines.All.Where(IsMessage).Select(Parse)];

    /// <summary>Subscribes, whatever is answered. Once it is acknowledged, every change from then on is told.</summary>
    /// <param name="id">The ID of the request, a text or a number.</param>
    public static async Task<McpSubscription> Open(McpClient agent, JsonNode id, params string[] uris)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/mcp")
        {
            Content = JsonContent.Create(new JsonObject
            {
                ["jsonrpc"] = "2.0",
                ["id"] = id,
                ["method"] = Method,
                ["params"] = new JsonObject
                {
                    ["notifications"] = new JsonObject
                    {
                        ["resourceSubscriptions"] = new JsonArray([.. uris.Select(uri => (JsonNode)uri)]),
                        ["toolsListChanged"] = true,
                    },
                    ["_meta"] = new JsonObject
                    {
                        ["io.modelcontextprotocol/protocolVersion"] = McpClient.Modern,
                        ["io.modelcontextprotocol/clientCapabilities"] = new JsonObject(),
                    },
                },
            }),
        };
        request.Headers.Add("MCP-Protocol-Version", McpClient.Modern);
        request.Headers.Add("Mcp-Method", Method);
        var response = await agent.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal((HttpStatusCode.OK, "text/event-stream"), (response.StatusCode, response.Content.Headers.ContentType?.MediaType));
        return new(response);
    }

    /// <summary>Waits for and returns the next message that no earlier call has returned.</summary>
    public async Task<JsonNode> Next(TimeSpan? within = null) => Parse(await _lines.Next(IsMessage, within ?? Timeout));

    /// <summary>Waits for the next notification that a resource has changed, and returns its address.</summary>
    public async Task<string> NextChange(TimeSpan? within = null)
    {
        var message = await Next(within);
        Assert.Equal("notifications/resources/updated", (string?)message["method"]);
        return (string)message["params"]!["uri"]!;
    }

    /// <summary>Waits for a comment of the stream, which clients ignore.</summary>
    public Task NextComment(TimeSpan within) => _lines.Next(line => line.StartsWith(':'), within);

    /// <summary>Waits until the server has closed the stream.</summary>
    public Task WaitUntilClosed() => _reading.WaitAsync(Timeout);

    private static bool IsMessage(string line) => line.StartsWith("data: ", StringComparison.Ordinal);

    private static JsonNode Parse(string line) => JsonNode.Parse(line["data: ".Length..])!;

    private async Task Read()
    {
        try
        {
            using var reader = new StreamReader(await _response.Content.ReadAsStreamAsync(_disposing.Token));
            while (await reader.ReadLineAsync(_disposing.Token) is { } line) _lines.Add(line);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // The client left, or the server closed the connection without an end of the stream.
        }
        finally
        {
            _lines.End("the end of the stream");
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _disposing.CancelAsync();
        await _reading;
        _response.Dispose();
        _disposing.Dispose();
    }
}
