using System.ComponentModel.DataAnnotations;
using System.Text.Json.Nodes;

namespace MedCor.Contracts.Chat;

/// <summary>
/// A question to the chat model, in either of two forms: with <paramref name="Messages"/> and what belongs to them, or with <paramref name="Tool"/> and <paramref name="Input"/>.
/// </summary>
/// <param name="Messages">What is said, in order.</param>
/// <param name="Tool">The only one there is, openai_chat.</param>
/// <param name="Input">What the tool is given.</param>
/// <param name="SessionId">The conversation that this goes on with: what was said in it needs not be sent again.</param>
/// <param name="RequestId">Your name for this question. However often it is sent within 24 hours, it is asked once.</param>
/// <param name="Metadata">Kept with the call, and not looked into.</param>
/// <param name="MaxTokens">How long the answer may become, in the model's tokens; no longer than the server allows.</param>
/// <param name="Model">One of the models that the server allows; the configured one unless given, and for gpt-4o-mini where that is not allowed by itself.</param>
/// <param name="Temperature">How freely the model words its answer, from 0 to 1; its own default unless given.</param>
/// <param name="Stream">Answers are always streamed, so true says nothing new; false is refused.</param>
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
    [property: AllowedValues(true, null, ErrorMessage = ExecuteCall.StreamIsFixed)] bool? Stream = null)
{
    /// <summary>As many messages as a question may hold.</summary>
    public const int MaxMessages = 500;

    /// <summary>No model writes more at once.</summary>
    public const int MaxTokensLimit = 1_000_000;

    internal const string ModelNamePattern = "^[A-Za-z0-9._:/@-]*$";
    internal const string InvalidModelName = "must be the name of a model";
    internal const string StreamIsFixed = "must be true or left out: answers are always streamed, by GET /mcp/stream/{call_id}, whose final event has the whole text";
}

/// <summary>What the tool openai_chat is given.</summary>
/// <param name="Messages">What is said, in order.</param>
/// <param name="Model">One of the models that the server allows; the configured one unless given, and for gpt-4o-mini where that is not allowed by itself.</param>
/// <param name="MaxTokens">How long the answer may become, in the model's tokens; no longer than the server allows.</param>
/// <param name="Temperature">How freely the model words its answer, from 0 to 1; its own default unless given.</param>
/// <param name="Stream">Answers are always streamed, so true says nothing new; false is refused.</param>
public sealed record ChatInput(
    [property: Length(1, ExecuteCall.MaxMessages)] IReadOnlyList<ChatMessage> Messages,
    [property: Length(1, 100), RegularExpression(ExecuteCall.ModelNamePattern, ErrorMessage = ExecuteCall.InvalidModelName)] string? Model = null,
    [property: Range(1, ExecuteCall.MaxTokensLimit)] int? MaxTokens = null,
    [property: Range(0.0, 1.0)] double? Temperature = null,
    [property: AllowedValues(true, null, ErrorMessage = ExecuteCall.StreamIsFixed)] bool? Stream = null);

/// <summary>What somebody says.</summary>
/// <param name="Role">system, user or assistant; developer is another word for system.</param>
/// <param name="Content">The text, or a list of parts {type: "text", text}, which are joined as they stand.</param>
public sealed record ChatMessage(
    [property: AllowedValues("system", "developer", "user", "assistant",
        ErrorMessage = "must be system, developer, user or assistant. The result of a tool is not taken, since the model calls none here: tell it in a user message")] string Role,
    [property: Length(1, 500_000), Multiline] string Content);

/// <summary>How far a call has come.</summary>
public enum ChatRunState
{
    /// <summary>It has not ended.</summary>
    Started,
    /// <summary>It ended with an answer.</summary>
    Finished,
    /// <summary>It ended without one.</summary>
    Error,
    /// <summary>Its owner ended it.</summary>
    Cancelled,
}

/// <summary>A call of the chat model.</summary>
/// <param name="CallId">What to read and to cancel it by.</param>
/// <param name="Status">started, finished, error or cancelled.</param>
public sealed record ChatCall(Guid CallId, string Status);

/// <summary>Calls that were cancelled.</summary>
public sealed record CancelledCalls(string Status, int Count, IReadOnlyList<Guid> CallIds);
