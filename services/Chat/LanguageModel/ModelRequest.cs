using MedCor.Contracts.Chat;

namespace MedCor.Chat.LanguageModel;

/// <summary>Represents a request to the model.</summary>
internal sealed record ModelRequest(string Model, IReadOnlyList<ChatMessage> Messages, int MaxTokens, double? Temperature = null)
{
    /// <summary>Gets the tools that the model may call.</summary>
    public IReadOnlyList<ModelTool> Tools { get; init; } = [];

    /// <summary>Gets what the model said and called before, after the messages, in order.</summary>
    public IReadOnlyList<ToolRound> Rounds { get; init; } = [];

    /// <summary>Gets whether the model must answer now, without calling tools.</summary>
    public bool IsLastRound { get; init; }
}

/// <summary>Describes a tool to the model.</summary>
/// <param name="InputSchema">The JSON Schema of the arguments.</param>
internal sealed record ModelTool(string Name, string Description, string InputSchema);

/// <summary>Represents a call of a tool that the model asks for.</summary>
/// <param name="Id">The model's ID for the call.</param>
/// <param name="Arguments">The arguments as the model wrote them, which need not be JSON.</param>
internal sealed record ModelToolCall(string Id, string Tool, string Arguments);

/// <summary>Represents what the model said before it called tools, the calls, and their results in the same order.</summary>
internal sealed record ToolRound(string Text, IReadOnlyList<ModelToolCall> Calls, IReadOnlyList<string> Results);
