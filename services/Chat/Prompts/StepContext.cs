using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Platform.LocalCopies;
using MedCor.Platform.Tools;
using MedCor.ServiceDefaults.Authentication;

namespace MedCor.Chat.Prompts;

/// <summary>What a step may use while it does its work, and where the prompt goes afterwards: to the next step unless the step says otherwise.</summary>
internal sealed class StepContext(Prompt prompt, StoredPromptSession session, Caller caller, ToolClient others, HospitalCopies hospitals, DateTimeOffset now, CancellationToken ct)
{
    private readonly List<Func<long, IntegrationEvent>> _events = [];

    public Caller Caller => caller;
    public Guid SessionId => session.Id;
    public Guid HospitalId => session.HospitalId;
    public DateTimeOffset Now => now;

    /// <summary>The place of the step at work, from 0.</summary>
    internal int StepIndex { get; private set; }

    /// <summary>The place of the step that is open afterwards; one past the last when the prompt is completed.</summary>
    internal int NextStepIndex { get; private set; }

    /// <summary>Why a step is asked once more.</summary>
    internal string? Notice { get; private set; }

    /// <summary>What is to be told when the turn is saved, given the version that it leaves behind.</summary>
    internal IReadOnlyList<Func<long, IntegrationEvent>> Events => _events;

    /// <summary>The day that the hospital's clocks show.</summary>
    public async Task<DateOnly> TodayAsync() => (await hospitals.FindAsync(HospitalId, ct) ?? throw new NotFound("hospital")).Today(now);

    /// <summary>Throws <see cref="ValidationFailed"/>, in the words of create_appointment, when nothing can be booked on a day that was named.</summary>
    /// <param name="field">Where it was named.</param>
    public async Task RequireBookableAsync(DateOnly day, string field)
    {
        if (BookableDays.WhatIsWrong(day, await TodayAsync()) is { } wrong) throw new ValidationFailed(field, wrong);
    }

    /// <summary>Throws <see cref="ValidationFailed"/>, in the words of create_user, when nothing can have happened yet on a day that was named.</summary>
    /// <param name="field">Where it was named.</param>
    public async Task RequirePastAsync(DateOnly? day, string field)
    {
        if (await hospitals.FindFutureErrorAsync(day, HospitalId, now, ct) is { } wrong) throw new ValidationFailed(field, wrong);
    }

    /// <summary>What a tool answers the caller. Throws <see cref="Refused"/> when it refuses.</summary>
    public Task<TResult> CallAsync<TResult>(ITool<TResult> tool) => others.CallAsync(tool, null, ct);

    /// <summary>
    /// Has a tool change something, once in this session however often the step is answered: after a crash before the session was saved, the same
    /// answer finds it done. Throws <see cref="Refused"/> when the tool refuses; then nothing was changed.
    /// </summary>
    public async Task<TResult> CallOnceAsync<TResult>(ITool<TResult> tool)
    {
        try
        {
            var result = await others.CallAsync(tool, $"prompt:{session.Id}:{prompt.Steps[StepIndex].Name}:{ToolCatalogue.ByParameterType[tool.GetType()].Name}", ct);
            session.Settled = StepIndex + 1;
            return result;
        }
        catch (Refused refused) when (refused is { Code: ErrorCodes.Conflict } && (string?)refused.Details["field"] == "idempotency_key")
        {
            throw new Conflict("An earlier answer to this step was carried out, and its result was lost on the way back. Send that very answer again to go on.");
        }
    }

    /// <summary>Tells an event when the turn is saved, and only then.</summary>
    /// <param name="createEvent">Given the version of the session that the turn leaves behind.</param>
    public void Publish(Func<long, IntegrationEvent> createEvent)
    {
        _events.Add(createEvent);
        session.Settled = StepIndex + 1;
    }

    /// <summary>Asks this step once more.</summary>
    public void RepeatStep(string? notice = null) => (NextStepIndex, Notice) = (StepIndex, notice);

    /// <summary>Asks an earlier step once more, saying why.</summary>
    public void GoBackTo(string step, string notice) => (NextStepIndex, Notice) = (IndexOf(step), notice);

    /// <summary>Works at a step.</summary>
    internal void MoveToStep(int step) => (StepIndex, NextStepIndex, Notice) = (step, step + 1, null);

    private int IndexOf(string step) => prompt.Steps.Index().Single(s => s.Item.Name == step).Index;
}
