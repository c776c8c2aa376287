using MedCor.Tests.EndToEnd;
using MedCor.Tests.Gateway;

namespace MedCor.Tests.Chat.Calls;

/// <summary>Two replicas of Chat that ask a model of the tests', and two gateways before them.</summary>
public sealed class ChatFixture : IAsyncLifetime
{
    /// <summary>How long these replicas wait for a model that says nothing.</summary>
    internal const int StallSeconds = 5;

    /// <summary>What lets go of a model within this does so for a reason other than its silence.</summary>
    internal static readonly TimeSpan LessThanStall = TimeSpan.FromSeconds(StallSeconds - 1);

    /// <summary>Within this a reader is told whatever there is to be told, as the contract says.</summary>
    internal static readonly TimeSpan ReaderTimeout = TimeSpan.FromSeconds(15);

    internal StubModelServer Model { get; private set; } = null!;

    /// <summary>The replicas of Chat.</summary>
    public IReadOnlyList<ServiceProcess> ChatReplicas { get; private set; } = [];

    public IReadOnlyList<ServiceProcess> Gateways { get; private set; } = [];

    /// <summary>Everything that the replicas of Chat and the gateways wrote to their consoles.</summary>
    public string Output => string.Join('\n', ChatReplicas.Concat(Gateways).Select(p => p.Output));

    public async Task InitializeAsync()
    {
        await MedCorFixture.Get();
        Model = await StubModelServer.Start();
        ChatReplicas = await Task.WhenAll(StartChat(Model.Address), StartChat(Model.Address));
        Gateways = await Task.WhenAll(StartGateway(ChatReplicas), StartGateway(ChatReplicas));
    }

    /// <summary>A replica of Chat that asks a model.</summary>
    public static Task<ServiceProcess> StartChat(string model, params (string Name, string? Value)[] settings) => ServiceProcess.StartService("chat",
    [
        ("OPENAI_BASE_URL", model), ("OPENAI_API_KEY", StubModelServer.Key), ("OPENAI_MODEL", "test-model"), ("OPENAI_ALLOWED_MODELS", "gpt-4o, other/model"),
        // These tests share their users.
        ("MCP_MAX_CHAT_CALLS", "32"),
        ("OPENAI_FIRST_TOKEN_SECONDS", $"{StallSeconds}"), ("OPENAI_STALL_SECONDS", $"{StallSeconds}"), .. settings,
    ]);

    /// <summary>A gateway before certain replicas of Chat.</summary>
    public static Task<ServiceProcess> StartGateway(IReadOnlyList<ServiceProcess> chats, params (string Name, string? Value)[] settings) => ServiceProcess.Start(
    [
        ("services__chat__http__1", null), .. chats.Select((chat, i) => ($"services__chat__http__{i}", chat.Http.BaseAddress!.GetLeftPart(UriPartial.Authority))), .. settings,
    ]);

    /// <summary>Somebody who chats, at one of the gateways unless said otherwise.</summary>
    internal ChatStreamClient ClientFor(string token, int gateway = 0) => new(Gateways[gateway].Http, token);

    /// <summary>A program with the server token.</summary>
    internal ChatStreamClient ServerTokenClient(int gateway = 0) => ClientFor(ChatStreamClient.ServerToken, gateway);

    /// <summary>A question that nobody asked yet.</summary>
    internal static string NewQuestion() => $"What is anemia? {Guid.NewGuid():N}";

    public async Task DisposeAsync()
    {
        foreach (var process in Gateways.Concat(ChatReplicas)) await process.DisposeAsync();
        await Model.DisposeAsync();
    }
}

/// <summary>The tests that share the two replicas.</summary>
[CollectionDefinition(nameof(ChatFixture))]
public sealed class ChatCollection : ICollectionFixture<ChatFixture>;
