using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Contracts.Identity;
using MedCor.Platform.LocalCopies;
using MedCor.Platform.ServiceClients;
using MedCor.ServiceDefaults.Authentication;

namespace MedCor.Chat.Prompts;

/// <summary>Provides what a step may use while it executes, and determines which step follows: the next one unless the step says otherwise.</summary>
internal sealed class StepContext(Prompt prompt, StoredPromptSession session, Caller caller, ToolClient tools, HospitalCopies hospitals,
    DateTimeOffset now, CancellationToken ct)
{
    private readonly List<Func<long, IntegrationEvent>> _events = [];

    public Caller Caller => caller;
    public Guid SessionId => session.Id;
    public Guid HospitalId => session.HospitalId;
    public DateTimeOffset Now => now;

    /// <summary>Gets the index of the executing step, from 0.</summary>
    internal int StepIndex { get; private set; }

    /// <summary>Gets the index of the step that is open afterwards; one past the last when the prompt is completed.</summary>
    internal int NextStepIndex { get; private set; }

    /// <summary>Gets the reason why a step is asked again.</summary>
    internal string? Notice { get; private set; }

    /// <summary>Gets the events to publish when the result of the step is saved, each created from the version that the session then has.</summary>
    internal IReadOnlyList<Func<long, IntegrationEvent>> Events => _events;

    /// <summary>Returns the current date in the hospital's time zone.</summary>
    public async Task<DateOnly> TodayAsync() => (await hospitals.FindAsync(HospitalId, ct) ?? throw new NotFound("hospital")).Today(now);

    /// <summary>Throws <see cref="ValidationFailed"/>, in the words of create_appointment, when nothing can be booked on a day.</summary>
    /// <param name="field">The field that names the day.</param>
    public async Task RequireBookableAsync(DateOnly day, string field)
    {
        if (BookableDays.WhatIsWrong(day, await TodayAsync()) is { } error) throw new ValidationFailed(field, error);
    }

    /// <summary>Throws <see cref="ValidationFailed"/>, in the words of create_user, when a day lies in the future.</summary>
    /// <param name="field">The field that names the day.</param>
    public async Task RequirePastAsync(DateOnly? day, string field)
    {
        if (await hospitals.FindFutureErrorAsync(day, HospitalId, now, ct) is { } error) throw new ValidationFailed(field, error);
    }

    /// <summary>
    /// Returns a patient of this hospital. Throws <see cref="ValidationFailed"/>, in the words of create_appointment, when the patient is inactive: nothing can
    /// be booked or recorded for them.
    /// </summary>
    public async Task<Patient> GetActivePatientAsync(Guid id)
    {
        var patient = await CallAsync(new GetPatient(id));
        // Only platform administrators can see patients of other hospitals.
        if (patient.HospitalId != HospitalId) throw new NotFound("patient");
        return patient.IsActive ? patient : throw new ValidationFailed("patient_id", Patient.InactiveError);
    }

    /// <summary>Calls a tool for the caller and returns its result. Throws <see cref="Refused"/> when the tool rejects the call.</summary>
    public Task<TResult> CallAsync<TResult>(ITool<TResult> tool) => tools.CallAsync(tool, null, ct);

    /// <summary>
    /// Calls a tool that writes, once in this session however often the step is answered: after a crash before the session was saved, the same answer finds the
    /// write done. Throws <see cref="Refused"/> when the tool rejects the call; then nothing was changed.
    /// </summary>
    public async Task<TResult> CallOnceAsync<TResult>(ITool<TResult> tool)
    {
        try
        {
            var result = await tools.CallAsync(tool,
                $"prompt:{session.Id}:{prompt.Steps[StepIndex].Name}:{ToolCatalogue.ByParameterType[tool.GetType()].Name}", ct);
            session.Settled = StepIndex + 1;
            return result;
        }
        catch (Refused refused) when (refused is { Code: ErrorCodes.Conflict } && (string?)refused.Details["field"] == "idempotency_key")
        {
            throw new Conflict("An earlier answer to this step was executed, but its result was lost. Send exactly that answer again to continue.");
        }
    }

    /// <summary>Publishes an event when the result of the step is saved, and only then.</summary>
    /// <param name="createEvent">Creates the event from the version that the session has after it is saved.</param>
    public void Publish(Func<long, IntegrationEvent> createEvent)
    {
        _events.Add(createEvent);
        session.Settled = StepIndex + 1;
    }

    /// <summary>Asks this step again.</summary>
    public void RepeatStep(string? notice = null) => (NextStepIndex, Notice) = (StepIndex, notice);

    /// <summary>Asks an earlier step again, and says why.</summary>
    public void GoBackTo(string step, string notice) => (NextStepIndex, Notice) = (IndexOf(step), notice);

    /// <summary>Makes a step the executing one.</summary>
    internal void MoveToStep(int step) => (StepIndex, NextStepIndex, Notice) = (step, step + 1, null);

    private int IndexOf(string step) => prompt.Steps.Index().Single(s => s.Item.Name == step).Index;
}
