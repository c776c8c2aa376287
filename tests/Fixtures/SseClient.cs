using System.Net;
using System.Net.ServerSentEvents;
using System.Text.Json.Nodes;

namespace MedCor.Tests.Fixtures;

/// <summary>Subscribes to live events, as any client does. Once created, the client is connected and receives every event from then on.</summary>
public sealed class SseClient : IAsyncDisposable
{
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(15);

    private readonly HttpResponseMessage _response;
    private readonly CancellationTokenSource _disposing = new();
    private readonly ReceivedItems<SseEvent> _received = new(received => $"{received.Name} {received.Resource} {received.Action}");
    private readonly Task _reading;

    private SseClient(HttpResponseMessage response)
    {
        _response = response;
        _reading = ReadEvents();
    }

    /// <summary>Gets the events received so far, in order.</summary>
    public IReadOnlyList<SseEvent> Events => _received.All;

    public HttpResponseMessage Response => _response;

    /// <summary>Connects as a client, with the token in the header.</summary>
    /// <param name="query">The query string, such as <c>resources=appointments</c>.</param>
    /// <param name="gateway">The index of the gateway replica.</param>
    /// <param name="after">The ID of the last event that the client received.</param>
    public static async Task<SseClient> Connect(ApiClient client, string query = "", int gateway = 0, string? after = null)
    {
        var house = await MedCorFixture.Get();
        return await Connect(client, house.Gateways[gateway % house.Gateways.Count], query, after);
    }

    /// <summary>Connects to a given gateway.</summary>
    public static async Task<SseClient> Connect(ApiClient client, Uri gateway, string query = "", string? after = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(gateway, $"/api/mcp/sse?{query}"));
        request.Headers.Authorization = new("Bearer", client.AccessToken);
        if (after is not null) request.Headers.Add("Last-Event-ID", after);
        return await OpenStream(request);
    }

    /// <summary>Connects with a ticket, as a browser does.</summary>
    public static async Task<SseClient> ConnectWithTicket(string ticket, int gateway = 0)
    {
        var house = await MedCorFixture.Get();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(house.Gateways[gateway % house.Gateways.Count], $"/api/mcp/sse?ticket={ticket}"));
        return await OpenStream(request);
    }

    private static async Task<SseClient> OpenStream(HttpRequestMessage request)
    {
        var http = new HttpClient { Timeout = Timeout.InfiniteTimeSpan };
        var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.True(response.StatusCode == HttpStatusCode.OK, $"Listening was answered {(int)response.StatusCode}.");
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        return new(response);
    }

    /// <summary>Waits for and returns the next event that matches, among those that no earlier call has returned. Fails when none arrives in time.</summary>
    public Task<SseEvent> Next(Func<SseEvent, bool> predicate, TimeSpan? within = null) => _received.Next(predicate, within ?? DefaultTimeout);

    /// <summary>Waits for and returns the next update of a resource's row.</summary>
    public Task<SseEvent> Next(string resource, string action, Guid id, TimeSpan? within = null) =>
        Next(h => h.Name == "resource_update" && h.Resource == resource && h.Action == action && h.EntityId == id, within);

    /// <summary>Waits until the server has closed the connection; fails when it does not in time.</summary>
    public Task WaitUntilClosed(TimeSpan? within = null) => _reading.WaitAsync(within ?? DefaultTimeout);

    private async Task ReadEvents()
    {
        try
        {
            var parser = SseParser.Create(await _response.Content.ReadAsStreamAsync(_disposing.Token));
            await foreach (var item in parser.EnumerateAsync(_disposing.Token))
                _received.Add(new(item.EventType, parser.LastEventId, JsonNode.Parse(item.Data)!));
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // The client disconnected, or the server closed the connection without an end of the stream.
        }
        finally
        {
            _received.End("the end of the stream");
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

/// <summary>Represents a received event.</summary>
public sealed record SseEvent(string Name, string Id, JsonNode Data)
{
    /// <summary>Gets the resource that a <c>resource_update</c> is about.</summary>
    public string? Resource => (string?)Data["resource"];

    /// <summary>Gets how the resource of a <c>resource_update</c> changed.</summary>
    public string? Action => (string?)Data["action"];

    /// <summary>Gets the tool whose result a <c>tool_response</c> contains.</summary>
    public string? Tool => (string?)Data["tool"];

    /// <summary>Gets the request that a <c>tool_response</c> or an <c>error_event</c> answers.</summary>
    public string? RequestId => (Data["request_id"] ?? Data["details"]?["request_id"])?.ToString();

    /// <summary>Gets the ID of the entity that a <c>resource_update</c>, or an event with a name of its own, is about.</summary>
    public Guid? EntityId => (Data["data"]?["id"] ?? Data["id"]) is JsonValue id && id.TryGetValue<Guid>(out var value) ? value : null;
}
