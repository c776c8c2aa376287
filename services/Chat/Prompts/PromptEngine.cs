using System.Text.Json;
using System.Text.Json.Nodes;
using MedCor.Contracts;
using MedCor.Contracts.Chat;
using MedCor.Platform.LocalCopies;
using MedCor.Platform.ServiceClients;
using MedCor.Validation;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Chat.Prompts;

/// <summary>
/// Guides a caller through a prompt. A request first executes the work of a step through the tools, which holds no database connection; then it
/// saves the session together with the events of the step. Of two concurrent requests, the version lets one be saved; both requested the same
/// write under the same idempotency key, so the write was executed once.
/// </summary>
internal sealed class PromptEngine(ChatDb db, IEnumerable<Prompt> prompts, ToolClient tools, HospitalCopies hospitals, TimeProvider clock)
{
    /// <summary>Specifies the time for which a session waits for its next answer.</summary>
    internal static readonly TimeSpan SessionLifetime = TimeSpan.FromHours(24);

    /// <summary>Gets the prompts that the caller may use, ordered by name.</summary>
    internal IEnumerable<Prompt> Prompts => prompts.Where(p => db.Tenancy.Caller.IsOneOf(p.Callers)).OrderBy(p => p.Name, StringComparer.Ordinal);

    /// <summary>
    /// Returns the prompt with a name. Throws <see cref="ValidationFailed"/> when there is none, and
    /// <see cref="Forbidden"/> when the caller's role may not use it.
    /// </summary>
    internal Prompt Find(string name)
    {
        if (FindNameError(name) is { } error) throw new ValidationFailed("prompt", error);
        var prompt = prompts.Single(p => p.Name == name);
        return db.Tenancy.Caller.IsOneOf(prompt.Callers) ? prompt : throw new Forbidden($"Your role does not include {name}.");
    }

    /// <summary>Returns the error for a name that no prompt has; null for the name of a prompt.</summary>
    internal string? FindNameError(string name) =>
        prompts.Any(p => p.Name == name)
            ? null
            : $"is not a prompt; there are {string.Join(", ", prompts.Select(p => p.Name).Order())}{DidYouMean.Hint(name, prompts.Select(p => p.Name))}";

    /// <summary>
    /// Returns a session of the caller with its prompt. Throws <see cref="NotFound"/> when the session belongs to
    /// another user or has expired, whether or not it has been deleted yet.
    /// </summary>
    internal async Task<(StoredPromptSession Session, Prompt Prompt)> FindAsync(Guid id, CancellationToken ct)
    {
        var (me, now) = (db.Tenancy.Caller.UserId, clock.GetUtcNow());
        var session = await db.PromptSessions.SingleOrDefaultAsync(s => s.Id == id && s.OwnerId == me && s.ExpiresAt > now, ct)
            ?? throw new NotFound("session");
        return (session, Find(session.Prompt));
    }

    /// <summary>Starts a session at the first step whose answer is not known.</summary>
    internal async Task<StepResult> StartAsync(Prompt prompt, Guid hospital, object data, CancellationToken ct)
    {
        var session = new StoredPromptSession { HospitalId = hospital, OwnerId = db.Tenancy.Caller.UserId, Prompt = prompt.Name };
        db.Add(session);
        var context = CreateContext(prompt, session, ct);
        context.MoveToStep(-1);
        await prompt.VerifyAsync(data, context);
        return await AdvanceAsync(prompt, session, data, context);
    }

    /// <summary>Processes an answer to the open step, or to an earlier one that is not settled.</summary>
    internal async Task<StepResult> AnswerAsync(Prompt prompt, StoredPromptSession session, JsonObject input, string? name, CancellationToken ct)
    {
        if (session.Step is null) throw new Conflict("The prompt is completed; there is nothing more to answer.").WithDetail("status", PromptStatus.Completed);
        var open = IndexOf(prompt, session.Step);
        var index = IndexOf(prompt, name ?? session.Step);
        if (index < 0)
            throw new ValidationFailed("step",
                $"is not a step; there are {string.Join(", ", prompt.Steps.Select(s => s.Name))}{DidYouMean.Hint(name, prompt.Steps.Select(s => s.Name))}");
        if (index > open) throw new Conflict($"The prompt has not reached {name} yet; its current step is {session.Step}.").WithDetail("step", session.Step);
        if (index < open && index < session.Settled)
            throw new Conflict($"The action of {name} has been executed, so the step cannot be answered again; the current step is {session.Step}.").WithDetail(
                "step", session.Step);

        var data = prompt.DeserializeData(session.Data);
        var context = CreateContext(prompt, session, ct);
        context.MoveToStep(index);
        await prompt.Steps[index].Accept(data, input, context);
        return await AdvanceAsync(prompt, session, data, context);
    }

    /// <summary>Saves the result of a step together with its events, and returns the state of the session.</summary>
    internal async Task<PromptSession> SaveAsync(StepResult result, CancellationToken ct)
    {
        var (prompt, session, data, context, step) = result;
        session.Step = step?.Name;
        session.Notice = context.Notice;
        session.Data = JsonSerializer.Serialize(data, data.GetType(), Json.Options);
        session.ExpiresAt = context.Now + SessionLifetime;
        foreach (var createEvent in context.Events) db.Raise(() => createEvent(session.Version));
        await db.SaveChangesAsync(ct);
        return Describe(session, data, step);
    }

    /// <summary>Returns the state of a session, with the options that are available now.</summary>
    internal async Task<PromptSession> DescribeSessionAsync(StoredPromptSession session, Prompt prompt, CancellationToken ct)
    {
        var data = prompt.DeserializeData(session.Data);
        if (session.Step is null) return Describe(session, data, null);
        var context = CreateContext(prompt, session, ct);
        context.MoveToStep(IndexOf(prompt, session.Step));
        return Describe(session, data, await DescribeStepAsync(prompt, context.StepIndex, data, context, session.Notice));
    }

    /// <summary>Returns the description of a step before the prompt is started.</summary>
    internal static PromptStep Describe(Prompt prompt, int index) =>
        new(index + 1, prompt.Steps.Count, prompt.Steps[index].Name, prompt.Steps[index].Message, prompt.Steps[index].InputSchema);

    private static async Task<StepResult> AdvanceAsync(Prompt prompt, StoredPromptSession session, object data, StepContext context)
    {
        // Only forward: a person must review a known answer that leads back.
        while (context.NextStepIndex > context.StepIndex && context.NextStepIndex < prompt.Steps.Count)
        {
            context.MoveToStep(context.NextStepIndex);
            if (!await prompt.Steps[context.StepIndex].AcceptKnown(data, context)) context.RepeatStep();
        }
        var step = context.NextStepIndex < prompt.Steps.Count ? await DescribeStepAsync(prompt, context.NextStepIndex, data, context, context.Notice) : null;
        return new(prompt, session, data, context, step);
    }

    private static async Task<PromptStep> DescribeStepAsync(Prompt prompt, int index, object data, StepContext context, string? notice) =>
        Describe(prompt, index) with
        {
            Notice = notice,
            Options = await prompt.Steps[index].Options(data, context) is { } options
                ? new JsonArray([.. options.Select(o => JsonSerializer.SerializeToNode(o, o.GetType(), Json.Options))])
                : null,
        };

    private static PromptSession Describe(StoredPromptSession session, object data, PromptStep? step) => new(
        SessionId: session.Id,
        Prompt: session.Prompt,
        Status: step is null ? PromptStatus.Completed : PromptStatus.Active,
        Step: step,
        Data: JsonSerializer.SerializeToNode(data, data.GetType(), Json.Options)!.AsObject(),
        Version: session.Version,
        CreatedAt: session.CreatedAt,
        UpdatedAt: session.UpdatedAt,
        ExpiresAt: session.ExpiresAt);

    private static int IndexOf(Prompt prompt, string name)
    {
        for (var i = 0; i < prompt.Steps.Count; i++)
            if (prompt.Steps[i].Name == name) return i;
        return -1;
    }

    private StepContext CreateContext(Prompt prompt, StoredPromptSession session, CancellationToken ct) =>
        new(prompt, session, db.Tenancy.Caller, tools, hospitals, clock.GetUtcNow(), ct);
}

/// <summary>Represents the result of a step that is not saved yet.</summary>
/// <param name="Step">The step that is open now; null when the prompt is completed.</param>
internal sealed record StepResult(Prompt Prompt, StoredPromptSession Session, object Data, StepContext Context, PromptStep? Step);
