namespace MedCor.Chat.LanguageModel;

/// <summary>Holds what a stream of the model contains besides text. It is complete when the stream has ended.</summary>
internal sealed class ModelReply
{
    /// <summary>Gets or sets the tokens of the request as the model counts them; null when it reports none.</summary>
    public int? InputTokens { get; set; }

    /// <summary>Gets or sets the tokens of the answer as the model counts them; null when it reports none.</summary>
    public int? OutputTokens { get; set; }

    /// <summary>Gets the tools that the model calls.</summary>
    public List<ModelToolCall> ToolCalls { get; } = [];
}
