using System.Collections.Concurrent;
using System.Net;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;

namespace MedCor.Tests.Fixtures;

/// <summary>
/// Runs a server that speaks OpenAI's protocol, for OpenAI's own client. Its behavior is scripted per question, which is the user's last message, so any number
/// of tests can share it.
/// </summary>
internal sealed class StubModelServer : IAsyncDisposable
{
    public const string Key = "sk-test-0123456789";

    public static readonly string[] DefaultTokens = ["Anemia", " means", " too", " few", " red", " cells", "."];

    private readonly WebApplication _web;
    private readonly Func<Exchange, Task> _defaultScript;
    private readonly ConcurrentDictionary<string, Func<Exchange, Task>> _scripts = new();
    private readonly ConcurrentDictionary<string, ConcurrentQueue<Exchange>> _exchanges = new();

    private StubModelServer(Func<Exchange, Task> defaultScript)
    {
        _defaultScript = defaultScript;
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Services.AddRoutingCore();
        _web = builder.Build();
        _web.UseRouting();
        _web.MapPost("/v1/chat/completions", HandleRequest);
    }

    /// <summary>Gets the base address, including <c>/v1</c>.</summary>
    public string Address => _web.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single() + "/v1";

    /// <summary>Starts a server.</summary>
    /// <param name="defaultScript">The script for questions that have none of their own; by default an answer with <see cref="DefaultTokens"/>.</param>
    public static async Task<StubModelServer> Start(Func<Exchange, Task>? defaultScript = null)
    {
        var server = new StubModelServer(defaultScript ?? (exchange => exchange.SendAnswer(DefaultTokens)));
        await server._web.StartAsync();
        return server;
    }

    /// <summary>Sets the script for a question.</summary>
    public void OnQuestion(string question, Func<Exchange, Task> happens) => _scripts[question] = happens;

    /// <summary>Answers a question with the first tokens at once, and with the others when the returned source is completed.</summary>
    public TaskCompletionSource PauseAfter(string question, string[] first, params string[] others)
    {
        var goOn = new TaskCompletionSource();
        OnQuestion(question, async model =>
        {
            foreach (var token in first) await model.SendToken(token);
            await model.WaitFor(goOn.Task);
            await model.SendAnswer(others);
        });
        return goOn;
    }

    /// <summary>Returns the requests that were made for a question.</summary>
    public Exchange[] RequestsFor(string question) => _exchanges.TryGetValue(question, out var all) ? [.. all] : [];

    /// <summary>Waits until a question has been asked the given number of times, and returns that request.</summary>
    public async Task<Exchange> WaitForRequest(string question, int times = 1)
    {
        await Wait.Until(() => Task.FromResult(RequestsFor(question).Length >= times), $"the model is asked {question}");
        return RequestsFor(question)[times - 1];
    }

    private async Task HandleRequest(HttpContext http)
    {
        var asked = (await JsonNode.ParseAsync(http.Request.Body))!;
        var question = (string)asked["messages"]!.AsArray().Last(m => (string?)m!["role"] == "user")!["content"]!;
        var exchange = new Exchange(http, asked, question);
        var all = _exchanges.GetOrAdd(question, _ => new());
        all.Enqueue(exchange);
        exchange.Attempt = all.Count;
        if (http.Request.Headers.Authorization != $"Bearer {Key}")
        {
            await exchange.SendError(HttpStatusCode.Unauthorized);
            return;
        }
        try
        {
            await _scripts.GetValueOrDefault(question, _defaultScript)(exchange);
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            // The client aborted the request, as some tests intend.
        }
    }

    public async ValueTask DisposeAsync() => await _web.DisposeAsync();

    /// <summary>Represents one request to the model and its response.</summary>
    internal sealed class Exchange
    {
        private readonly HttpContext _http;
        private readonly TaskCompletionSource _aborted = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Exchange(HttpContext http, JsonNode asked, string question)
        {
            (_http, Request, Question) = (http, asked, question);
            http.RequestAborted.Register(() => _aborted.TrySetResult());
        }

        /// <summary>Gets the body of the request.</summary>
        public JsonNode Request { get; }

        public string Question { get; }

        public IReadOnlyList<(string Role, string Content)> Messages =>
            [.. Request["messages"]!.AsArray().Select(m => ((string)m!["role"]!, m["content"] is JsonValue text ? (string)text! : ""))];

        /// <summary>Gets or sets the number of this request among those for the same question.</summary>
        public int Attempt { get; set; }

        /// <summary>Completes when the client aborts the connection.</summary>
        public Task Aborted => _aborted.Task;

        /// <summary>Sends the tokens and completes the answer.</summary>
        public async Task SendAnswer(params string[] tokens)
        {
            foreach (var token in tokens) await SendToken(token);
            await SendChunk(new { }, "stop");
            await SendLine("[DONE]");
        }

        /// <summary>Sends the token usage, as OpenAI does after an answer's last chunk.</summary>
        private Task SendUsage(int read, int written) => SendLine(System.Text.Json.JsonSerializer.Serialize(new
        {
            id = "chatcmpl-1",
            @object = "chat.completion.chunk",
            created = 1_700_000_000,
            model = (string?)Request["model"],
            choices = Array.Empty<object>(),
            usage = new { prompt_tokens = read, completion_tokens = written, total_tokens = read + written },
        }));

        /// <summary>Sends the tokens, completes the answer and reports the token usage.</summary>
        public async Task SendAnswerWithUsage(string[] tokens, int read, int written)
        {
            foreach (var token in tokens) await SendToken(token);
            await SendChunk(new { }, "stop");
            await SendUsage(read, written);
            await SendLine("[DONE]");
        }

        /// <summary>Calls a tool, and reports the token usage if it is given.</summary>
        public Task CallTool(string tool, object arguments, (int Read, int Written)? usage = null) =>
            CallToolWith(tool, System.Text.Json.JsonSerializer.Serialize(arguments), usage);

        /// <summary>Calls a tool with arguments as they are, which need not be JSON.</summary>
        public async Task CallToolWith(string tool, string json, (int Read, int Written)? usage = null)
        {
            // In pieces, as models send them.
            var first = new { index = 0, id = $"call-{Attempt}", type = "function", function = new { name = tool, arguments = json[..(json.Length / 2)] } };
            await SendChunk(new { tool_calls = new[] { first } }, null);
            await SendChunk(new { tool_calls = new[] { new { index = 0, function = new { arguments = json[(json.Length / 2)..] } } } }, null);
            await SendChunk(new { }, "tool_calls");
            if (usage is { } tokens) await SendUsage(tokens.Read, tokens.Written);
            await SendLine("[DONE]");
        }

        /// <summary>Gets what the tools returned that were called for this question, in order.</summary>
        public IReadOnlyList<string> ToolResults => [.. Messages.Where(m => m.Role == "tool").Select(m => m.Content)];

        /// <summary>Ends the answer with a finish reason that OpenAI does not define.</summary>
        public Task SendUnknownFinishReason() => SendChunk(new { }, "error");

        /// <summary>Sends one token.</summary>
        public Task SendToken(string token) => SendChunk(new { content = token }, null);

        /// <summary>Sends nothing more until the client aborts.</summary>
        public Task HangUntilAborted() => WaitFor(new TaskCompletionSource().Task);

        /// <summary>Waits for the test, or until the client aborts.</summary>
        public Task WaitFor(Task test) => test.WaitAsync(_http.RequestAborted);

        /// <summary>Responds with an error whose message no client may see.</summary>
        public Task SendError(HttpStatusCode status, string? retryAfter = null)
        {
            _http.Response.StatusCode = (int)status;
            if (retryAfter is not null) _http.Response.Headers.RetryAfter = retryAfter;
            return _http.Response.WriteAsJsonAsync(new { error = new { message = $"internal words about {Key}", type = "some_error", code = "some_code" } });
        }

        /// <summary>Aborts the connection.</summary>
        public Task Abort()
        {
            _http.Abort();
            return Task.CompletedTask;
        }

        private Task SendChunk(object delta, string? finish) => SendLine(System.Text.Json.JsonSerializer.Serialize(new
        {
            id = "chatcmpl-1",
            @object = "chat.completion.chunk",
            created = 1_700_000_000,
            model = (string?)Request["model"],
            choices = new[] { new { index = 0, delta, finish_reason = finish } },
        }));

        private async Task SendLine(string data)
        {
            if (!_http.Response.HasStarted)
            {
                _http.Response.ContentType = "text/event-stream";
                _http.Features.Get<IHttpResponseBodyFeature>()!.DisableBuffering();
            }
            await _http.Response.WriteAsync($"data: {data}\n\n", _http.RequestAborted);
            await _http.Response.Body.FlushAsync(_http.RequestAborted);
        }
    }
}
