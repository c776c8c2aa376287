using System.Text.Json.Serialization;
using MedCor.Contracts.Chat;

namespace MedCor.ChatStreams;

/// <summary>What a reader of a call sees: pieces of the answer, then one ending.</summary>
/// <param name="Number">Its place in the call, from 1 on, without gaps.</param>
/// <param name="State"><see cref="ChatRunState.Started"/> for a piece; otherwise how the call ended.</param>
/// <param name="Text">The piece; empty in an ending.</param>
/// <param name="End">Why it ended so; none for a piece or an answer.</param>
public sealed record ChatStreamEvent(long Number, ChatRunState State, string Text, ChatRunEnd? End = null);

/// <summary>Why a call ended without an answer.</summary>
/// <param name="Message">For a person; nothing internal.</param>
/// <param name="ErrorCode">One of the chat surface's codes; none when it was cancelled.</param>
/// <param name="Retryable">Whether the same question may be answered if it is asked once more, as a new call.</param>
/// <param name="RetryAfter">After how many seconds, if that is known.</param>
public sealed record ChatRunEnd(
    string Message,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? ErrorCode = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] bool? Retryable = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? RetryAfter = null)
{
    /// <summary>Its owner ended it.</summary>
    public static readonly ChatRunEnd Cancelled = new("The call was cancelled.");

    /// <summary>The process that carried it out is gone.</summary>
    public static readonly ChatRunEnd Interrupted = new("The answer was interrupted. Ask again, with a new request_id.", ChatErrorCodes.Server, Retryable: true);

    /// <summary>What was written of it is gone.</summary>
    public static readonly ChatRunEnd Lost = new("The answer was lost on its way. Ask again, with a new request_id.", ChatErrorCodes.Server, Retryable: true);
}

/// <summary>What is kept of a call that has ended, for when Redis has it no longer.</summary>
/// <param name="Answer">The answer, or what had come of it.</param>
/// <param name="Ending">Why there is no more; none when there is no more to come.</param>
public sealed record SavedChatRun(ChatRunState State, string Answer, ChatRunEnd? Ending);
