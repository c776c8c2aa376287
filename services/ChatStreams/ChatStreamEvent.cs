using System.Text.Json.Serialization;
using MedCor.Contracts.Chat;

namespace MedCor.ChatStreams;

/// <summary>Represents an event that a reader of a chat run receives: pieces of the answer, followed by one end.</summary>
/// <param name="Number">The event's position in the run, starting from 1, without gaps.</param>
/// <param name="State"><see cref="ChatRunState.Started"/> for a piece; otherwise how the run ended.</param>
/// <param name="Text">The piece of the answer; empty for an end.</param>
/// <param name="End">Why the run ended without an answer; null for a piece and for a complete answer.</param>
/// <param name="Data">What the model does by tools, as the JSON object that readers receive; null for text and for an end.</param>
public sealed record ChatStreamEvent(long Number, ChatRunState State, string Text, ChatRunEnd? End = null, string? Data = null);

/// <summary>Represents a part of a run that is published: a piece of the answer, or what the model does by tools.</summary>
/// <param name="Text">The piece of the answer; empty if <paramref name="Data"/> is given.</param>
/// <param name="Data">A JSON object whose <c>type</c> names the event.</param>
public readonly record struct ChatPiece(string Text, string? Data = null);

/// <summary>Describes why a chat run ended without an answer.</summary>
/// <param name="Message">A text for users, without internal details.</param>
/// <param name="ErrorCode">One of the chat's error codes; null when the run was canceled.</param>
/// <param name="Retryable">Whether the same question may succeed if it is sent again, as a new run.</param>
/// <param name="RetryAfter">The number of seconds after which to retry, if known.</param>
public sealed record ChatRunEnd(
    string Message,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? ErrorCode = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] bool? Retryable = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? RetryAfter = null)
{
    /// <summary>The owner canceled the run.</summary>
    public static readonly ChatRunEnd Cancelled = new("The call was cancelled.");

    /// <summary>The process that executed the run is gone.</summary>
    public static readonly ChatRunEnd Interrupted = new("The answer was interrupted. Ask again, with a new request_id.",
        ChatErrorCodes.Server, Retryable: true);

    /// <summary>The run ended early, after a change that its owner had confirmed.</summary>
    public static readonly ChatRunEnd InterruptedAfterChange = new(
        "The answer was interrupted after a change that you confirmed. Look at what was changed before you ask again.",
        ChatErrorCodes.Server, Retryable: false);

    /// <summary>Part of the answer was lost.</summary>
    public static readonly ChatRunEnd Lost = new("The answer was lost. Ask again, with a new request_id.", ChatErrorCodes.Server, Retryable: true);
}

/// <summary>Represents the result of a chat run that has ended, as it is kept after Redis has removed the run.</summary>
/// <param name="State">How the run ended.</param>
/// <param name="Answer">The answer, or the part that was produced.</param>
/// <param name="Ending">Why the answer is incomplete; null when it is complete.</param>
public sealed record SavedChatRun(ChatRunState State, string Answer, ChatRunEnd? Ending);
