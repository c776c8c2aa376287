using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using MedCor.Contracts;
using MedCor.Contracts.Chat;

namespace MedCor.Tests.Fixtures;

/// <summary>Goes through a guided prompt, as any client does.</summary>
internal sealed class PromptClient(ApiClient client, PromptSession state)
{
    public Guid Id => Session.SessionId;

    /// <summary>Gets the session's state from the last response.</summary>
    public PromptSession Session { get; private set; } = state;
    public string? Step => Session.Step?.Name;
    public JsonObject Data => Session.Data;
    public JsonArray Options => Session.Step!.Options!;

    /// <summary>Reads the data that is known so far.</summary>
    /// <typeparam name="TData">The data of the prompt.</typeparam>
    public TData ReadData<TData>() => Data.Deserialize<TData>(Json.Options)!;

    /// <summary>Reads the options of the open step, each as the answer that chooses it.</summary>
    public TAnswer[] ReadOptions<TAnswer>() => Options.Deserialize<TAnswer[]>(Json.Options)!;

    public static async Task<PromptClient> Start(ApiClient client, string prompt, object? known = null)
    {
        var answer = await Invoke(client, new { prompt, initial_data = known ?? new { } });
        Assert.True(answer.Status == System.Net.HttpStatusCode.OK, answer.Body.ToJsonString());
        return new(client, answer.Read<PromptSession>());
    }

    public static Task<ApiResponse> Invoke(ApiClient client, object body) => Send(client, HttpMethod.Post, "/api/mcp/prompts/invoke", body);

    /// <summary>Answers the open step and expects the answer to be accepted.</summary>
    public async Task<PromptSession> Answer(object input)
    {
        var answer = await TryAnswer(input);
        Assert.True(answer.Status == System.Net.HttpStatusCode.OK, $"{Step}: {answer.Body.ToJsonString()}");
        return Session = answer.Read<PromptSession>();
    }

    /// <summary>Answers a step and returns the response, whatever its status.</summary>
    public Task<ApiResponse> TryAnswer(object input, string? step = null, string? key = null, ApiClient? by = null) =>
        Send(by ?? client, HttpMethod.Post, Path, step is null ? new { input } : new { input, step }, key);

    public Task<ApiResponse> Get(ApiClient? by = null) => Send(by ?? client, HttpMethod.Get, Path);

    public Task<ApiResponse> Abandon(ApiClient? by = null) => Send(by ?? client, HttpMethod.Delete, Path);

    /// <summary>Returns the names of the fields that a validation error reports.</summary>
    public static IEnumerable<string> InvalidFields(ApiResponse refused)
    {
        Assert.Equal("VALIDATION_ERROR", refused.Code);
        return refused.Details!.AsObject().Select(d => d.Key).Where(name => name != "request_id").Order(StringComparer.Ordinal);
    }

    private string Path => $"/api/mcp/prompts/sessions/{Id}/";

    private static async Task<ApiResponse> Send(ApiClient client, HttpMethod method, string path, object? body = null, string? key = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
        if (key is not null) request.Headers.Add("Idempotency-Key", key);
        using var response = await client.Http.SendAsync(request);
        return new(response.StatusCode, JsonNode.Parse(await response.Content.ReadAsStringAsync())!, response.Headers.Contains("Idempotent-Replayed"));
    }
}
