using System.ClientModel;
using System.ClientModel.Primitives;
using System.Net;
using System.Net.Sockets;
using MedCor.Chat.Calls;
using MedCor.Contracts.Chat;
using MedCor.Tests.EndToEnd;
using Microsoft.Extensions.Options;
using OpenAI;
using OpenAI.Chat;
using ChatMessage = MedCor.Contracts.Chat.ChatMessage;

namespace MedCor.Tests.Chat.Calls;

/// <summary>A model that fails time and again is let alone, until one question has found that it is well.</summary>
public sealed class CircuitBreakTests : IAsyncLifetime
{
    private const int Many = 20;
    private readonly ManualTimeProvider clock = new();
    private StubModelServer server = null!;
    private ChatModelClient model = null!;

    public async Task InitializeAsync()
    {
        server = await StubModelServer.Start();
        model = new(Options.Create(new ModelOptions { ApiKey = StubModelServer.Key, BaseUrl = server.Address }), clock);
    }

    [Fact]
    public async Task While_the_circuit_is_half_open_only_one_request_reaches_the_model()
    {
        // A pause that is longer than anybody waits for, so that none is tried again.
        server.OnQuestion("fails", asked => asked.SendError(HttpStatusCode.TooManyRequests, retryAfter: "120"));
        for (var i = 0; i < Many; i++) await Assert.ThrowsAsync<ModelException>(() => Ask("fails"));
        Assert.True(model.IsCircuitOpen);
        clock.Now += ChatModelClient.BreakDuration;
        Assert.False(model.IsCircuitOpen);
        var goOn = server.PauseAfter("tries", [], "Well");

        var tries = Ask("tries");
        await server.WaitForRequest("tries");

        Assert.True(model.IsCircuitOpen);
        var refused = await Assert.ThrowsAsync<ModelException>(() => Ask("waits"));
        Assert.Equal((true, 5), (refused.Ending.Retryable, refused.Ending.RetryAfter));
        Assert.Empty(server.RequestsFor("waits"));
        goOn.SetResult();
        Assert.Equal("Well", await tries);
        Assert.False(model.IsCircuitOpen);
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

        // The first fill the queue of those whom nobody accepts, and wait for an answer.
        var attempts = Enumerable.Range(0, 4).Select(_ => Record.ExceptionAsync(async () => await client.CompleteChatStreamingAsync([new UserChatMessage("x")], cancellationToken: enough.Token).FirstAsync())).ToArray();
        var failure = ModelException.From((await await Task.WhenAny(attempts))!, clock.Now);
        await enough.CancelAsync();
        await Task.WhenAll(attempts);

        Assert.Equal((true, true), (failure.IsTransient, failure.Message.Contains("cannot be reached", StringComparison.Ordinal)));
    }

    private async Task<string> Ask(string question) =>
        string.Concat(await model.StreamAnswer(new("any", [new ChatMessage("user", question)], MaxTokens: 100), new(), default).ToArrayAsync());

    public async Task DisposeAsync()
    {
        model.Dispose();
        await server.DisposeAsync();
    }
}
