using MedCor.Tests.EndToEnd;
using MedCor.Tests.Gateway;

namespace MedCor.Tests.Chat.Calls;

/// <summary>Two replicas of Chat that ask a model of the tests', and two gateways before them.</summary>
public sealed class ChatHouse : IAsyncLifetime
{
    /// <summary>How long these replicas wait for a model that says nothing.</summary>
    internal const int StallSeconds = 5;

    /// <summary>What lets go of a model within this does so for a reason other than its silence.</summary>
    internal static readonly TimeSpan BeforeStall = TimeSpan.FromSeconds(StallSeconds - 1);

    /// <summary>Within this a reader is told whatever there is to be told, as the contract says.</summary>
    internal static readonly TimeSpan Soon = TimeSpan.FromSeconds(15);

    internal ModelServer Model { get; private set; } = null!;

    /// <summary>The replicas of Chat.</summary>
    public IReadOnlyList<OwnGateway> Chats { get; private set; } = [];

    public IReadOnlyList<OwnGateway> Gateways { get; private set; } = [];

    /// <summary>Everything that the replicas of Chat and the gateways wrote to their consoles.</summary>
    public string Said => string.Join('\n', Chats.Concat(Gateways).Select(p => p.Said));

    public async Task InitializeAsync()
    {
        await RunningHouse.Get();
        Model = await ModelServer.Start();
        Chats = await Task.WhenAll(StartChat(Model.Address), StartChat(Model.Address));
        Gateways = await Task.WhenAll(StartGateway(Chats), StartGateway(Chats));
    }

    /// <summary>A replica of Chat that asks a model.</summary>
    public static Task<OwnGateway> StartChat(string model, params (string Name, string? Value)[] settings) => OwnGateway.StartOf("chat",
    [
        ("OPENAI_BASE_URL", model), ("OPENAI_API_KEY", ModelServer.Key), ("OPENAI_MODEL", "test-model"), ("OPENAI_ALLOWED_MODELS", "gpt-4o, other/model"),
        // These tests share their users.
        ("MCP_MAX_CHAT_CALLS", "32"),
        ("OPENAI_FIRST_TOKEN_SECONDS", $"{StallSeconds}"), ("OPENAI_STALL_SECONDS", $"{StallSeconds}"), .. settings,
    ]);

    /// <summary>A gateway before certain replicas of Chat.</summary>
    public static Task<OwnGateway> StartGateway(IReadOnlyList<OwnGateway> chats, params (string Name, string? Value)[] settings) => OwnGateway.Start(
    [
        ("services__chat__http__1", null), .. chats.Select((chat, i) => ($"services__chat__http__{i}", chat.Http.BaseAddress!.GetLeftPart(UriPartial.Authority))), .. settings,
    ]);

    /// <summary>Somebody who chats, at one of the gateways unless said otherwise.</summary>
    internal Chatter As(string token, int gateway = 0) => new(Gateways[gateway].Http, token);

    /// <summary>A program with the server token.</summary>
    internal Chatter AsProgram(int gateway = 0) => As(Chatter.ServerToken, gateway);

    /// <summary>A question that nobody asked yet.</summary>
    internal static string Question() => $"What is anemia? {Guid.NewGuid():N}";

    public async Task DisposeAsync()
    {
        foreach (var process in Gateways.Concat(Chats)) await process.DisposeAsync();
        await Model.DisposeAsync();
    }
}

/// <summary>The tests that share the two replicas.</summary>
[CollectionDefinition(nameof(ChatHouse))]
public sealed class SharesChatHouse : ICollectionFixture<ChatHouse>;
