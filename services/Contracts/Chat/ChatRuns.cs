using System.ComponentModel.DataAnnotations;
using System.Text.Json.Nodes;

namespace MedCor.Contracts.Chat;

/// <summary>
/// Represents a request to the chat model, in one of two forms: with <c>messages</c> and the fields that belong to them, or with <c>tool</c> and <c>input</c>.
/// </summary>
/// <param name="Messages">The messages, in order.</param>
/// <param name="Tool">The name of the tool; the only one is openai_chat.</param>
/// <param name="Input">The input of the tool.</param>
/// <param name="SessionId">The ID of the session that this request continues; its earlier messages need not be sent again.</param>
/// <param name="RequestId">An ID that you choose for the request. However often it is sent within 24 hours, the model is asked once.</param>
/// <param name="Metadata">Data that is stored with the call and not interpreted.</param>
/// <param name="MaxTokens">The maximum length of the answer, in tokens of the model; at most what the server allows.</param>
/// <param name="Model">
/// A model that the server allows; the configured model by default. gpt-4o-mini also selects the configured model where gpt-4o-mini itself is not allowed.
/// </param>
/// <param name="Temperature">The sampling temperature, from 0 to 1; the model's own default if omitted.</param>
/// <param name="Stream">Whether the answer is streamed. Answers are always streamed, so true has no effect; false is rejected.</param>
/// <param name="Tools">
/// Whether the model may read with your rights by MedCor's tools, and propose changes that you confirm. Your hospital must have turned this on.
/// </param>
public sealed record ExecuteCall(
    [property: Length(1, ExecuteCall.MaxMessages)] IReadOnlyList<ChatMessage>? Messages = null,
    [property: Length(1, 100)] string? Tool = null,
    ChatInput? Input = null,
    [property: Opaque, Length(1, 200)] string? SessionId = null,
    [property: Opaque, Length(1, 255)] string? RequestId = null,
    JsonObject? Metadata = null,
    [property: Range(1, ExecuteCall.MaxTokensLimit)] int? MaxTokens = null,
    [property: Length(1, 100), RegularExpression(ExecuteCall.ModelNamePattern, ErrorMessage = ExecuteCall.InvalidModelName)] string? Model = null,
    [property: Range(0.0, 1.0)] double? Temperature = null,
    [property: AllowedValues(true, null, ErrorMessage = ExecuteCall.StreamIsFixed)] bool? Stream = null,
    bool? Tools = null)
{
    /// <summary>The maximum number of messages in a request.</summary>
    public const int MaxMessages = 500;

    /// <summary>The upper bound of <c>max_tokens</c>; no model writes more at once.</summary>
    public const int MaxTokensLimit = 1_000_000;

    internal const string ModelNamePattern = "[A-Za-z0-9._:/@-]+";
    internal const string InvalidModelName = "must be the name of a model";
    internal const string StreamIsFixed =
        "must be true or left out: answers are always streamed, by GET /mcp/stream/{call_id}, whose final event has the whole text";
}

/// <summary>Represents the input of the tool openai_chat.</summary>
/// <param name="Messages">The messages, in order.</param>
/// <param name="Model">
/// A model that the server allows; the configured model by default. gpt-4o-mini also selects the configured model where gpt-4o-mini itself is not allowed.
/// </param>
/// <param name="MaxTokens">The maximum length of the answer, in tokens of the model; at most what the server allows.</param>
/// <param name="Temperature">The sampling temperature, from 0 to 1; the model's own default if omitted.</param>
/// <param name="Stream">Whether the answer is streamed. Answers are always streamed, so true has no effect; false is rejected.</param>
public sealed record ChatInput(
    [property: Length(1, ExecuteCall.MaxMessages)] IReadOnlyList<ChatMessage> Messages,
    [property: Length(1, 100), RegularExpression(ExecuteCall.ModelNamePattern, ErrorMessage = ExecuteCall.InvalidModelName)] string? Model = null,
    [property: Range(1, ExecuteCall.MaxTokensLimit)] int? MaxTokens = null,
    [property: Range(0.0, 1.0)] double? Temperature = null,
    [property: AllowedValues(true, null, ErrorMessage = ExecuteCall.StreamIsFixed)] bool? Stream = null);

/// <summary>Represents a chat message.</summary>
/// <param name="Role">The role of the author: system, user or assistant. developer is a synonym for system.</param>
/// <param name="Content">The text, or a list of parts {type: "text", text}, which are concatenated without a separator.</param>
public sealed record ChatMessage(
    [property: AllowedValues("system", "developer", "user", "assistant",
        ErrorMessage = "must be system, developer, user or assistant. Tool results are not supported, because the model calls no tools of the caller: send "
            + "them in a user message")] string Role,
    [property: Length(1, 500_000), Multiline] string Content);

/// <summary>Specifies the state of a call.</summary>
public enum ChatRunState
{
    /// <summary>The call has not ended.</summary>
    Started,
    /// <summary>The call ended with an answer.</summary>
    Finished,
    /// <summary>The call ended without an answer.</summary>
    Error,
    /// <summary>The owner of the call cancelled it.</summary>
    Cancelled,
}

/// <summary>Represents a call of the chat model.</summary>
/// <param name="CallId">The ID by which the call is read and cancelled.</param>
/// <param name="Status">The status: started, finished, error or cancelled.</param>
public sealed record ChatCall(Guid CallId, string Status);

/// <summary>Represents the calls that were cancelled.</summary>
public sealed record CancelledCalls(string Status, int Count, IReadOnlyList<Guid> CallIds);
