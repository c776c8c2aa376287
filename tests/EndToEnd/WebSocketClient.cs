using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace MedCor.Tests.EndToEnd;

/// <summary>Represents a WebSocket connection to a gateway, as any client opens it.</summary>
public sealed class WebSocketClient : IAsyncDisposable
{
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(20);

    private readonly ClientWebSocket _socket;
    private readonly ReceivedItems<JsonNode> _received = new(message => message.ToJsonString());
    private readonly Task<(int Code, string Reason)> _reading;

    private WebSocketClient(ClientWebSocket socket)
    {
        _socket = socket;
        _reading = ReadMessages();
    }

    /// <summary>Gets the messages received so far, in order.</summary>
    public IReadOnlyList<JsonNode> Messages => _received.All;

    /// <summary>Connects without authenticating.</summary>
    /// <param name="query">The query string, such as <c>ticket=…</c>.</param>
    public static async Task<WebSocketClient> Connect(string query = "", int gateway = 0, Action<ClientWebSocketOptions>? options = null)
    {
        var system = await MedCorFixture.Get();
        return await Connect(system.Gateways[gateway % system.Gateways.Count], query, options);
    }

    /// <summary>Connects to a given gateway.</summary>
    public static async Task<WebSocketClient> Connect(Uri gateway, string query = "", Action<ClientWebSocketOptions>? options = null)
    {
        var socket = new ClientWebSocket();
        options?.Invoke(socket.Options);
        await socket.ConnectAsync(new UriBuilder(gateway) { Scheme = "ws", Path = "/api/mcp/ws", Query = query }.Uri, CancellationToken.None);
        return new(socket);
    }

    /// <summary>Connects and authenticates as a client.</summary>
    public static async Task<WebSocketClient> ConnectAs(ApiClient client, int gateway = 0, object? auth = null)
    {
        var socket = await Connect(gateway: gateway);
        var message = auth is null ? [] : JsonSerializer.SerializeToNode(auth)!.AsObject();
        (message["type"], message["token"]) = ("auth", client.AccessToken);
        await socket.Send(message);
        await socket.Next("auth_success");
        return socket;
    }

    public Task Send(object message) => SendText(message as string ?? JsonSerializer.Serialize(message));

    public Task SendText(string text) => _socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);

    public Task SendBytes(byte[] bytes, bool endOfMessage = true) =>
        _socket.SendAsync(bytes, WebSocketMessageType.Binary, endOfMessage, CancellationToken.None);

    /// <summary>Calls a tool and waits for the response.</summary>
    public async Task<JsonNode> Call(string tool, object? parameters = null, string? idempotencyKey = null)
    {
        var id = Guid.NewGuid().ToString();
        await Send(new { type = "tool_invoke", request_id = id, tool, @params = parameters ?? new { }, idempotency_key = idempotencyKey });
        return await Next(m => (string?)m["type"] == "tool_response" && (string?)m["request_id"] == id);
    }

    /// <summary>Subscribes to a resource and waits for the confirmation.</summary>
    public async Task<JsonNode> Subscribe(string resource)
    {
        await Send(new { type = "subscribe", resource });
        return await Next(m => (string?)m["type"] == "subscribed" && (string?)m["resource"] == resource);
    }

    public Task<JsonNode> Next(string type) => Next(m => (string?)m["type"] == type);

    /// <summary>Waits for and returns the next message that matches, among those that no earlier call has returned. Fails when none arrives in time.</summary>
    public Task<JsonNode> Next(Func<JsonNode, bool> predicate, TimeSpan? within = null) => _received.Next(predicate, within ?? DefaultTimeout);

    /// <summary>
    /// Returns the code and the reason with which the server closes; -1 when the connection was cut. Fails when the server does not close in time.
    /// </summary>
    public Task<(int Code, string Reason)> WaitUntilClosed(TimeSpan? within = null) => _reading.WaitAsync(within ?? DefaultTimeout);

    private async Task<(int Code, string Reason)> ReadMessages()
    {
        var end = (Code: -1, Reason: "");
        try
        {
            return end = await ReadUntilClosed();
        }
        finally
        {
            _received.End($"the close with {end.Code} {end.Reason}");
        }
    }

    private async Task<(int Code, string Reason)> ReadUntilClosed()
    {
        var (buffer, message) = (new byte[64 * 1024], new MemoryStream());
        try
        {
            while (true)
            {
                var part = await _socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None);
                if (part.MessageType == WebSocketMessageType.Close)
                {
                    await _socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, "", CancellationToken.None);
                    return ((int)_socket.CloseStatus!.Value, _socket.CloseStatusDescription ?? "");
                }
                message.Write(buffer, 0, part.Count);
                if (!part.EndOfMessage) continue;
                _received.Add(JsonNode.Parse(message.ToArray())!);
                message.SetLength(0);
            }
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or ObjectDisposedException)
        {
            return (-1, "");
        }
    }

    public async ValueTask DisposeAsync()
    {
        _socket.Abort();
        await _reading;
        _socket.Dispose();
    }
}
