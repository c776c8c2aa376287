namespace MedCor.Tests.Fixtures;

/// <summary>Runs two replicas of Chat that call a stub model server, and two gateways in front of them.</summary>
public sealed class ChatFixture : IAsyncLifetime
{
    /// <summary>How long these replicas wait for a model that stalls, in seconds.</summary>
    internal const int StallSeconds = 5;

    /// <summary>A model request that ends within this time was ended for another reason than a stall.</summary>
    internal static readonly TimeSpan LessThanStall = TimeSpan.FromSeconds(StallSeconds - 1);

    /// <summary>The time within which the contract promises a reader every event.</summary>
    internal static readonly TimeSpan ReaderTimeout = TimeSpan.FromSeconds(15);

    internal StubModelServer Model { get; private set; } = null!;

    /// <summary>Gets the replicas of Chat.</summary>
    public IReadOnlyList<ServiceProcess> ChatReplicas { get; private set; } = [];

    public IReadOnlyList<ServiceProcess> Gateways { get; private set; } = [];

    /// <summary>Gets the console output of the replicas of Chat and of the gateways.</summary>
    public string Output => string.Join('\n', ChatReplicas.Concat(Gateways).Select(p => p.Output));

    public async Task InitializeAsync()
    {
        await MedCorFixture.Get();
        Model = await StubModelServer.Start();
        ChatReplicas = await Task.WhenAll(StartChat(Model.Address), StartChat(Model.Address));
        Gateways = await Task.WhenAll(StartGateway(ChatReplicas), StartGateway(ChatReplicas));
    }

    /// <summary>Starts a replica of Chat that calls a model.</summary>
    public static Task<ServiceProcess> StartChat(string model, params (string Name, string? Value)[] settings) => ServiceProcess.StartService("chat",
    [
        ("OPENAI_BASE_URL", model), ("OPENAI_API_KEY", StubModelServer.Key), ("OPENAI_MODEL", "test-model"), ("OPENAI_ALLOWED_MODELS", "gpt-4o, other/model"),
        // These tests share their users.
        ("MCP_MAX_CHAT_CALLS", "32"), ("MCP_CHAT_DAILY_TOKENS_USER", "0"), ("MCP_CHAT_DAILY_TOKENS_HOSPITAL", "0"),
        ("OPENAI_FIRST_TOKEN_SECONDS", $"{StallSeconds}"), ("OPENAI_STALL_SECONDS", $"{StallSeconds}"), .. settings,
    ]);

    /// <summary>Starts a gateway in front of the given replicas of Chat.</summary>
    public static Task<ServiceProcess> StartGateway(IReadOnlyList<ServiceProcess> chats, params (string Name, string? Value)[] settings) =>
        ServiceProcess.Start(
        [
            ("services__chat__http__1", null),
            .. chats.Select((chat, i) => ($"services__chat__http__{i}", chat.Http.BaseAddress!.GetLeftPart(UriPartial.Authority))), .. settings,
        ]);

    /// <summary>Creates a client of a gateway.</summary>
    internal ChatStreamClient ClientFor(string token, int gateway = 0) => new(Gateways[gateway].Http, token);

    /// <summary>Creates a client that uses the server token.</summary>
    internal ChatStreamClient ServerTokenClient(int gateway = 0) => ClientFor(ChatStreamClient.ServerToken, gateway);

    /// <summary>Returns a unique question.</summary>
    internal static string NewQuestion() => $"What is anemia? {Guid.NewGuid():N}";

    public async Task DisposeAsync()
    {
        foreach (var process in Gateways.Concat(ChatReplicas)) await process.DisposeAsync();
        await Model.DisposeAsync();
    }
}
