using System.Text.Json;
using System.Text.Json.Nodes;
using MedCor.ChatStreams;
using MedCor.Contracts;
using MedCor.Contracts.Chat;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Chat.ToolUse;

/// <summary>
/// Carries out the answer to a proposed change, at whichever replica it arrives. The change is made with the rights that the caller has now, once however often
/// the answer is repeated.
/// </summary>
internal sealed class ConfirmationHandler(ChatDb db, ChatStreamStore streams, ToolRunner runner, ConfirmationStore confirmations, TimeProvider clock)
{
    /// <summary>The time for which a confirmed change is carried out when its answer is repeated; shorter than services keep idempotency keys.</summary>
    private static readonly TimeSpan RepeatPeriod = TimeSpan.FromHours(23);

    /// <summary>
    /// Makes or refuses a proposed change and returns what became of it. Throws <see cref="ChatRunNotFound"/> when the caller has no such run,
    /// <see cref="NotFound"/> when it proposed no such change, <see cref="Conflict"/> when the change can no longer be answered in this way, and
    /// <see cref="Refused"/> when the caller must log in again or wait, after which the answer can be repeated.
    /// </summary>
    /// <param name="caller">The caller, with the token of this request. The model is not known yet.</param>
    public async Task<ConfirmedCall> ConfirmAsync(ToolCaller caller, ConfirmCall answer, CancellationToken ct)
    {
        var (hospital, runId, user) = (caller.HospitalId, caller.RunId, caller.UserId);
        db.Tenancy.Enter(hospital);
        var model = await db.Runs.Where(c => c.HospitalId == hospital && c.OwnerId == user && c.Id == runId).Select(c => c.Model).SingleOrDefaultAsync(ct)
            ?? throw new ChatRunNotFound(runId.ToString());
        var proposal = await FindAsync(caller, answer.ConfirmationId, ct) ?? throw new NotFound("confirmation");

        var (now, isFirst) = (clock.GetUtcNow(), false);
        var to = answer.Confirm ? ConfirmationState.Confirmed : ConfirmationState.Declined;
        if (proposal.State == ConfirmationState.Pending)
        {
            if (now > proposal.ExpiresAt || await streams.GetStateAsync(runId) != ChatRunState.Started)
                throw new Conflict("The call has ended, or the time to answer is over. Nothing was changed. Ask again.");
            // Of two answers at the same time, the first counts.
            isFirst = await confirmations.TryMoveAsync(db, proposal, ConfirmationState.Pending, to);
            if (isFirst) proposal.State = to;
            else proposal = (await FindAsync(caller, answer.ConfirmationId, ct))!;
        }
        var hasConfirmed = proposal.State is ConfirmationState.Confirmed or ConfirmationState.Done or ConfirmationState.Failed;
        if (answer.Confirm != hasConfirmed) throw new Conflict($"The change is already {ToWireName(proposal.State)}.");
        if (proposal.State != ConfirmationState.Confirmed) return ToContract(proposal);
        // After a crash between the change and its record, the key lets the tool return the result of then.
        if (now > proposal.ExpiresAt + RepeatPeriod)
            throw new Conflict("It is not known whether the change was made. Look before you ask for it again.");
        return await ExecuteAsync(caller with { Model = model }, proposal, isFirst);
    }

    /// <summary>Returns the name of a state as clients read it.</summary>
    internal static string ToWireName(ConfirmationState state) => state.ToString().ToLowerInvariant();

    private Task<Confirmation?> FindAsync(ToolCaller caller, Guid id, CancellationToken ct)
    {
        var (hospital, runId, user) = (caller.HospitalId, caller.RunId, caller.UserId);
        return db.Confirmations.AsNoTracking()
            .SingleOrDefaultAsync(c => c.HospitalId == hospital && c.RunId == runId && c.OwnerId == user && c.Id == id, ct);
    }

    /// <param name="isFirst">Whether this answer is the one that confirmed the change, and the only one that can take that back.</param>
    private async Task<ConfirmedCall> ExecuteAsync(ToolCaller caller, Confirmation proposal, bool isFirst)
    {
        // Carried out to its end although the client may disconnect, since the model waits for the outcome.
        var (result, error) = await runner.CallAsync(caller, ToolCatalogue.All[proposal.Tool], proposal.Arguments, idempotencyKey: $"chat:{proposal.Id}",
            CancellationToken.None);
        // The outcome of a failure is unknown. The answer can be repeated, and finds it.
        if (error is { Code: ErrorCodes.ServerError }) throw new Refused(StatusCodes.Status503ServiceUnavailable, error);
        if (error is not null && CanRepeat(error))
        {
            if (isFirst) await confirmations.TryMoveAsync(db, proposal, ConfirmationState.Confirmed, ConfirmationState.Pending);
            throw new Refused(ToStatus(error.Code), error);
        }
        proposal.Result = result ?? JsonSerializer.Serialize(error, Json.Options);
        var state = error is null ? ConfirmationState.Done : ConfirmationState.Failed;
        if (state == ConfirmationState.Done) await confirmations.RecordDoneAsync(db, proposal);
        else await confirmations.TryMoveAsync(db, proposal, ConfirmationState.Confirmed, state, proposal.Result);
        proposal.State = state;
        return ToContract(proposal);
    }

    /// <summary>Returns whether the caller can do something about an error and then repeat the answer.</summary>
    private static bool CanRepeat(Problem error) =>
        error.Code is ErrorCodes.AuthRequired or ErrorCodes.AuthInvalid or ErrorCodes.AuthSecondFactor or ErrorCodes.AuthStepUp or ErrorCodes.RateLimit
        || error.Details.ContainsKey(InsufficientScope.Detail);

    private static int ToStatus(string code) => code switch
    {
        ErrorCodes.RateLimit => StatusCodes.Status429TooManyRequests,
        ErrorCodes.PermissionDenied => StatusCodes.Status403Forbidden,
        _ => StatusCodes.Status401Unauthorized,
    };

    private static ConfirmedCall ToContract(Confirmation proposal) => new(proposal.Id, ToWireName(proposal.State), proposal.Tool,
        proposal.State == ConfirmationState.Done ? JsonNode.Parse(proposal.Result!) : null,
        proposal.State == ConfirmationState.Failed ? JsonSerializer.Deserialize<Problem>(proposal.Result!, Json.Options) : null);
}
