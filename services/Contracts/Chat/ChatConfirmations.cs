using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace MedCor.Contracts.Chat;

/// <summary>Answers whether a change that the model proposes is made.</summary>
/// <param name="ConfirmationId">The ID of the proposed change, from the event <c>confirmation</c>.</param>
/// <param name="Confirm">true makes the change, with your rights; false refuses it.</param>
public sealed record ConfirmCall(Guid ConfirmationId, bool Confirm);

/// <summary>Represents a change that the model proposed, and what became of it.</summary>
/// <param name="ConfirmationId">The ID of the proposed change.</param>
/// <param name="Status">What became of it: done, failed (nothing was changed) or declined.</param>
/// <param name="Tool">The tool that makes the change.</param>
/// <param name="Result">The result of the tool, if done.</param>
/// <param name="Error">The error of the tool, if failed.</param>
public sealed record ConfirmedCall(
    Guid ConfirmationId,
    string Status,
    string Tool,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] JsonNode? Result = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] Problem? Error = null);
