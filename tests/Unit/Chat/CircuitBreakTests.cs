using System.ClientModel;
using System.ClientModel.Primitives;
using System.Net;
using System.Net.Sockets;
using MedCor.Chat.LanguageModel;
using Microsoft.Extensions.Options;
using OpenAI;
using OpenAI.Chat;
using ChatMessage = MedCor.Contracts.Chat.ChatMessage;

namespace MedCor.Tests.Unit.Chat;

/// <summary>Tests the circuit breaker: a model that fails repeatedly is not called until one request has shown that it has recovered.</summary>
public sealed class CircuitBreakTests : IAsyncLifetime
{
    private const int Many = 20;
    private readonly ManualTimeProvider _clock = new();
    private StubModelServer _server = null!;
    private ChatModelClient _model = null!;

    public async Task InitializeAsync()
    {
        _server = await StubModelServer.Start();
        _model = new(Options.Create(new ModelOptions { ApiKey = StubModelServer.Key, BaseUrl = _server.Address }), _clock);
    }

    [Fact]
    public async Task While_the_circuit_is_half_open_only_one_request_reaches_the_model()
    {
        // A delay beyond what the client waits, so that no request is retried.
        _server.OnQuestion("fails", asked => asked.SendError(HttpStatusCode.TooManyRequests, retryAfter: "120"));
        for (var i = 0; i < Many; i++) await Assert.ThrowsAsync<ModelException>(() => Ask("fails"));
        Assert.True(_model.IsCircuitOpen);
        _clock.Now += ChatModelClient.BreakDuration;
        Assert.False(_model.IsCircuitOpen);
        var goOn = _server.PauseAfter("tries", [], "Well");

        var tries = Ask("tries");
        await _server.WaitForRequest("tries");

        Assert.True(_model.IsCircuitOpen);
        var refused = await Assert.ThrowsAsync<ModelException>(() => Ask("waits"));
        Assert.Equal((true, 5), (refused.Ending.Retryable, refused.Ending.RetryAfter));
        Assert.Empty(_server.RequestsFor("waits"));
        goOn.SetResult();
        Assert.Equal("Well", await tries);
        Assert.False(_model.IsCircuitOpen);
    }

    [Fact]
    public async Task A_host_that_ignores_connection_attempts_is_reported_as_unreachable()
    {
        using var full = new TcpListener(IPAddress.Loopback, 0);
        full.Start(backlog: 1);
        using var http = new HttpClient(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromMilliseconds(500) });
        var client = new ChatClient("any", new ApiKeyCredential(StubModelServer.Key), new OpenAIClientOptions
        {
            Endpoint = new($"http://{full.LocalEndpoint}/v1"),
            Transport = new HttpClientPipelineTransport(http),
            RetryPolicy = new ClientRetryPolicy(maxRetries: 0),
            NetworkTimeout = Timeout.InfiniteTimeSpan,
        });
        using var enough = new CancellationTokenSource();

        // The first attempts fill the listener's backlog, from which no connection is accepted, and wait for an answer.
        var attempts = Enumerable.Range(0, 4).Select(_ => Record.ExceptionAsync(
            async () => await client.CompleteChatStreamingAsync([new UserChatMessage("x")], cancellationToken: enough.Token).FirstAsync())).ToArray();
        var failure = ModelException.From((await await Task.WhenAny(attempts))!, _clock.Now);
        await enough.CancelAsync();
        await Task.WhenAll(attempts);

        Assert.Equal((true, true), (failure.IsTransient, failure.Message.Contains("cannot be reached", StringComparison.Ordinal)));
    }

    private async Task<string> Ask(string question) =>
        string.Concat(await _model.StreamAnswerAsync(new("any", [new ChatMessage("user", question)], MaxTokens: 100), new(), default).ToArrayAsync());

    public async Task DisposeAsync()
    {
        _model.Dispose();
        await _server.DisposeAsync();
    }
}
