using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.ServiceDefaults.Access;
using MedCor.ServiceDefaults.Copies;
using MedCor.ServiceDefaults.Problems;
using MedCor.ServiceDefaults.Tools;

namespace MedCor.Chat.Prompts;

/// <summary>What a step may use while it does its work, and where the prompt goes afterwards: to the next step unless the step says otherwise.</summary>
internal sealed class Turn(Prompt prompt, Session session, Caller caller, OtherServices others, KnownHospitals hospitals, DateTimeOffset now, CancellationToken ct)
{
    private readonly List<Func<long, IntegrationEvent>> told = [];

    public Caller Caller => caller;
    public Guid SessionId => session.Id;
    public Guid HospitalId => session.HospitalId;
    public DateTimeOffset Now => now;

    /// <summary>The place of the step at work, from 0.</summary>
    internal int At { get; private set; }

    /// <summary>The place of the step that is open afterwards; one past the last when the prompt is completed.</summary>
    internal int Next { get; private set; }

    /// <summary>Why a step is asked once more.</summary>
    internal string? Notice { get; private set; }

    /// <summary>What is to be told when the turn is saved, given the version that it leaves behind.</summary>
    internal IReadOnlyList<Func<long, IntegrationEvent>> Told => told;

    /// <summary>The day that the hospital's clocks show.</summary>
    public async Task<DateOnly> Today() => (await hospitals.Find(HospitalId, ct) ?? throw new Missing("hospital")).Today(now);

    /// <summary>Throws <see cref="Invalid"/>, in the words of create_appointment, when nothing can be booked on a day that was named.</summary>
    /// <param name="field">Where it was named.</param>
    public async Task RequireBookable(DateOnly day, string field)
    {
        if (BookableDays.WhatIsWrong(day, await Today()) is { } wrong) throw new Invalid(field, wrong);
    }

    /// <summary>What a tool answers the caller. Throws <see cref="Refused"/> when it refuses.</summary>
    public Task<TResult> Ask<TResult>(ITool<TResult> tool) => others.Call(tool, null, ct);

    /// <summary>
    /// Has a tool change something, once in this session however often the step is answered: after a crash before the session was saved, the same
    /// answer finds it done. Throws <see cref="Refused"/> when the tool refuses; then nothing was changed.
    /// </summary>
    public async Task<TResult> Do<TResult>(ITool<TResult> tool)
    {
        try
        {
            var result = await others.Call(tool, $"prompt:{session.Id}:{prompt.Steps[At].Name}:{ToolCatalogue.ByParams[tool.GetType()].Name}", ct);
            session.Settled = At + 1;
            return result;
        }
        catch (Refused refused) when (refused is { Code: ErrorCodes.Conflict } && (string?)refused.Details["field"] == "idempotency_key")
        {
            throw new Conflict("An earlier answer to this step was carried out, and its result was lost on the way back. Send that very answer again to go on.");
        }
    }

    /// <summary>Tells an event when the turn is saved, and only then.</summary>
    /// <param name="happened">Given the version of the session that the turn leaves behind.</param>
    public void Tell(Func<long, IntegrationEvent> happened)
    {
        told.Add(happened);
        session.Settled = At + 1;
    }

    /// <summary>Asks this step once more.</summary>
    public void Stay(string? notice = null) => (Next, Notice) = (At, notice);

    /// <summary>Asks an earlier step once more, saying why.</summary>
    public void GoBackTo(string step, string notice) => (Next, Notice) = (IndexOf(step), notice);

    /// <summary>Works at a step.</summary>
    internal void Enter(int step) => (At, Next, Notice) = (step, step + 1, null);

    private int IndexOf(string step) => prompt.Steps.Index().Single(s => s.Item.Name == step).Index;
}
