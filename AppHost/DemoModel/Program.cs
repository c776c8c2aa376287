// A stand-in chat model for trying MedCor without an API key: it uses OpenAI's streaming protocol, and its answers say that it is not an AI.

using System.Text.Json;
using System.Text.Json.Nodes;

var app = WebApplication.Create(args);
app.MapGet("/health", () => "ok");
app.MapPost("/chat/completions", Answer);
app.MapPost("/v1/chat/completions", Answer);
await app.RunAsync();

static async Task Answer(HttpContext http, JsonObject request)
{
    var words = Words((string?)request["messages"]?.AsArray().LastOrDefault(m => (string?)m?["role"] == "user")?["content"] ?? "");
    var maxTokens = (int?)request["max_tokens"] ?? (int?)request["max_completion_tokens"] ?? words.Length;
    var (id, model) = ($"demo-{Guid.CreateVersion7():N}", (string?)request["model"] ?? "demo");

    http.Response.ContentType = "text/event-stream";
    using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(25));
    foreach (var word in words.Take(maxTokens))
    {
        await Send(new JsonObject { ["content"] = word }, null);
        await timer.WaitForNextTickAsync(http.RequestAborted);
    }
    await Send([], words.Length > maxTokens ? "length" : "stop");
    await Write("[DONE]");

    Task Send(JsonObject delta, string? finish) => Write(new JsonObject
    {
        ["id"] = id,
        ["object"] = "chat.completion.chunk",
        ["created"] = DateTimeOffset.UtcNow.ToUnixTimeSeconds(),
        ["model"] = model,
        ["choices"] = new JsonArray(new JsonObject { ["index"] = 0, ["delta"] = delta, ["finish_reason"] = finish }),
    }.ToJsonString(JsonSerializerOptions.Web));

    async Task Write(string data)
    {
        await http.Response.WriteAsync($"data: {data}\n\n", http.RequestAborted);
        await http.Response.Body.FlushAsync(http.RequestAborted);
    }
}

static string[] Words(string question)
{
    var quoted = question.Length > 200 ? question[..200] + "…" : question;
    var text = $"I am MedCor's demo model: not an AI, and nothing here is medical advice. You asked: “{quoted}” — "
        + "a real model would now explain what is generally known about it, "
        + "which signs need a clinician and which the emergency services. To use one, stop MedCor and start it again with OPENAI_API_KEY set, and with "
        + "OPENAI_BASE_URL for another server with OpenAI's protocol.";
    return [.. text.Split(' ').Select((word, i) => i == 0 ? word : " " + word)];
}
