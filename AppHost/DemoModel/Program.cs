// A stand-in chat model for trying MedCor without an API key: it uses OpenAI's streaming protocol, and its answers say that it is not an AI.

using System.Text.Json;
using System.Text.Json.Nodes;

var app = WebApplication.Create(args);
app.MapGet("/health", () => "ok");
app.MapPost("/chat/completions", Answer);
app.MapPost("/v1/chat/completions", Answer);
await app.RunAsync();

static async Task Answer(HttpContext http, JsonObject asked)
{
    var words = Words((string?)asked["messages"]?.AsArray().LastOrDefault(m => (string?)m?["role"] == "user")?["content"] ?? "");
    var most = (int?)asked["max_tokens"] ?? (int?)asked["max_completion_tokens"] ?? words.Length;
    var (id, model) = ($"demo-{Guid.CreateVersion7():N}", (string?)asked["model"] ?? "demo");

    http.Response.ContentType = "text/event-stream";
    using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(25));
    foreach (var word in words.Take(most))
    {
        await Send(new JsonObject { ["content"] = word }, null);
        await pace.WaitForNextTickAsync(http.RequestAborted);
    }
    await Send([], words.Length > most ? "length" : "stop");
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
    var shown = question.Length > 200 ? question[..200] + "…" : question;
    var text = $"I am MedCor's demo model: no AI, and nothing that I say is medical advice. You asked: “{shown}” — a real model would now explain what is generally known about it, "
        + "which signs need a clinician and which the emergency services. To ask one, stop MedCor and start it again with OPENAI_API_KEY set, and with OPENAI_BASE_URL for any other server that speaks "
        + "OpenAI's protocol.";
    return [.. text.Split(' ').Select((word, i) => i == 0 ? word : " " + word)];
}
