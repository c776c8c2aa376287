using System.Net;
using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Text.Json;
using System.Text.Json.Nodes;
using MedCor.Contracts.Chat;

namespace MedCor.Tests.Fixtures;

/// <summary>Represents a chat client of a gateway.</summary>
internal sealed class ChatStreamClient(HttpClient http, string? token)
{
    public const string ServerToken = "super-secret-token";

    /// <summary>Asks a question in the short request form, expects the status 200 and returns the ID of the chat run.</summary>
    public async Task<Guid> Start(string question, string? requestId = null, string? session = null) =>
        (await StartWithStatus(question, requestId, session)).Call;

    /// <summary>Asks a question in the short request form, expects the status 200 and returns the ID and the status of the chat run.</summary>
    public async Task<(Guid Call, string Status)> StartWithStatus(string question, string? requestId = null, string? session = null)
    {
        var answer = await Execute(
            new { messages = new[] { new { role = "user", content = question } }, request_id = requestId, session_id = session });
        Assert.True(answer.Status == HttpStatusCode.OK, $"{answer.Status}: {answer.Body}");
        var (call, status) = answer.Read<ChatCall>();
        return (call, status);
    }

    public Task<ChatResponse> Execute(object body) => Send(HttpMethod.Post, "/mcp/execute", JsonContent.Create(body));

    /// <summary>Asks a question that the model may answer by tools, expects the status 200 and returns the ID of the chat run.</summary>
    public async Task<Guid> StartWithTools(string question)
    {
        var answer = await Execute(new { messages = new[] { new { role = "user", content = question } }, tools = true });
        Assert.True(answer.Status == HttpStatusCode.OK, $"{answer.Status}: {answer.Body}");
        return answer.Read<ChatCall>().CallId;
    }

    /// <summary>Answers a change that the model proposes.</summary>
    public Task<ChatResponse> Confirm(Guid call, object confirmation, bool confirm = true) =>
        Send(HttpMethod.Post, $"/mcp/confirm/{call}", JsonContent.Create(new { confirmation_id = confirmation, confirm }));

    public Task<ChatResponse> Cancel(object call) => Send(HttpMethod.Post, $"/mcp/cancel/{call}");

    public Task<ChatResponse> CancelAll() => Send(HttpMethod.Post, "/mcp/cancel_all");

    /// <summary>Sends a request and returns the response.</summary>
    public async Task<ChatResponse> Send(HttpMethod method, string path, HttpContent? content = null)
    {
        using var request = Request(method, path);
        request.Content = content;
        using var response = await http.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        return new(response.StatusCode, text.Length == 0 ? null : JsonNode.Parse(text));
    }

    /// <summary>Reads the events of a chat run to its end, from the beginning or after a given event.</summary>
    public async Task<ChatEvent[]> ReadToEnd(Guid call, string? after = null)
    {
        using var answer = await OpenStream(call, after);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await ReadEvents(answer).ToArrayAsync();
    }

    /// <summary>Opens the stream of a chat run.</summary>
    public async Task<HttpResponseMessage> OpenStream(Guid call, string? after = null, string query = "")
    {
        using var request = Request(HttpMethod.Get, $"/mcp/stream/{call}{query}");
        if (after is not null) request.Headers.Add("Last-Event-ID", after);
        return await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    /// <summary>Reads the events of an open stream until it ends.</summary>
    public static async IAsyncEnumerable<ChatEvent> ReadEvents(HttpResponseMessage answer)
    {
        var parser = SseParser.Create(await answer.Content.ReadAsStreamAsync());
        await foreach (var item in parser.EnumerateAsync())
            yield return new(parser.LastEventId, item.EventType, JsonNode.Parse(item.Data)!);
    }

    private HttpRequestMessage Request(HttpMethod method, string path)
    {
        var request = new HttpRequestMessage(method, path);
        if (token is not null) request.Headers.Authorization = new("Bearer", token);
        return request;
    }
}

/// <summary>Represents a response of the chat API.</summary>
internal sealed record ChatResponse(HttpStatusCode Status, JsonNode? Body)
{
    /// <summary>Gets the error of a refused request.</summary>
    public ChatError Error => Read<ChatErrorEnvelope>().Error;

    /// <summary>Reads the body as its contract, of which no field may be missing.</summary>
    public T Read<T>() => Body.Deserialize<T>(ApiClient.CompleteOptions)!;
}

/// <summary>Represents the answer to the cancellation of a chat run.</summary>
internal sealed record CancelledCall(string Status);

/// <summary>Represents the body of an error response of the chat API.</summary>
internal sealed record ChatErrorEnvelope(ChatError Error);

/// <summary>Represents an error of the chat API.</summary>
internal sealed record ChatError(string Message, string ErrorCode, string Type);

/// <summary>Represents an event of a chat run.</summary>
internal sealed record ChatEvent(string Id, string Name, JsonNode Data)
{
    public string? Text => (string?)Data["text"];
    public string? Message => (string?)Data["message"];
    public string? ErrorCode => (string?)Data["error_code"];
    public bool? IsRetryable => (bool?)Data["retryable"];
}
