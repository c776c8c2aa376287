using MedCor.ChatStreams;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Platform.Audit;

namespace MedCor.Chat.Runs;

/// <summary>Records the uses of chat in the audit trail: of runs, not of what was said in them.</summary>
internal sealed class ChatTrail(IAuditTrail trail)
{
    /// <summary>Records that a run was started, in the transaction that stores it.</summary>
    internal Task RecordStartAsync(ChatCaller caller, Guid runId, CancellationToken ct) => RecordAsync(caller, "start_chat", runId, AuditOutcome.Done, ct);

    /// <summary>Records a use of a run before its result is returned, and also when it is refused.</summary>
    /// <param name="runId">The ID of the run; null for all of the caller, or when it is not known yet.</param>
    /// <param name="getOutcome">Returns what is recorded of a result; null for nothing, when something else has recorded it.</param>
    internal async Task<T> RecordAsync<T>(ChatCaller caller, string action, Guid? runId, Func<Task<T>> use, CancellationToken ct,
        Func<T, AuditOutcome?>? getOutcome = null)
    {
        try
        {
            var result = await use();
            if ((getOutcome is null ? AuditOutcome.Done : getOutcome(result)) is { } outcome) await RecordAsync(caller, action, runId, outcome, ct);
            return result;
        }
        catch (ApiException refusal) when ((refusal is ChatRunNotFound ? AuditOutcome.Missing : AuditDescriptor.GetOutcome(refusal)) is { } outcome)
        {
            await RecordAsync(caller, action, runId, outcome, CancellationToken.None);
            throw;
        }
    }

    private Task RecordAsync(ChatCaller caller, string action, Guid? runId, AuditOutcome outcome, CancellationToken ct)
    {
        // A program with the server token is none of the users.
        var actor = caller.User is { } user ? AuditActor.Of(user) : AuditActor.System;
        var patient = caller.User is { Kind: Callers.Patient, UserId: var self } ? self : (Guid?)null;
        return trail.RecordAsync(actor, new(action, "chat_calls", runId, patient) { Kind = AuditKind.Chat }, outcome, caller.Owner.HospitalId, ct);
    }
}
