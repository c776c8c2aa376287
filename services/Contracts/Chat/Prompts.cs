using System.ComponentModel.DataAnnotations;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using MedCor.Contracts.Clinical;

namespace MedCor.Contracts.Chat;

/// <summary>Specifies the status of a guided prompt.</summary>
public enum PromptStatus { Active, Completed, Abandoned }

/// <summary>Represents a session of a guided prompt. Only the user who started it can access it, and it is deleted 24 hours after its last step.</summary>
/// <param name="Prompt">The name of the prompt. <example>"appointment_booking"</example></param>
/// <param name="Step">The next step; null when there is none.</param>
/// <param name="Data">The data that is known so far, and the actions that were carried out.</param>
/// <param name="ExpiresAt">The time until which the session can be continued or read.</param>
[Audited(AuditKind.Prompt, "prompt_sessions")]
public sealed record PromptSession(
    Guid SessionId,
    string Prompt,
    PromptStatus Status,
    PromptStep? Step,
    JsonObject Data,
    long Version,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt,
    DateTimeOffset ExpiresAt);

/// <summary>Represents a step of a guided prompt.</summary>
/// <param name="Index">The position of the step, from 1.</param>
/// <param name="Of">The number of steps.</param>
/// <param name="Message">The question for the person who answers.</param>
/// <param name="InputSchema">The JSON Schema of the answer.</param>
/// <param name="Notice">The reason why the step is asked again, if it is.</param>
/// <param name="Options">The choices: each has the fields of an answer, and the information that a person needs to choose.</param>
public sealed record PromptStep(
    int Index,
    int Of,
    string Name,
    string Message,
    JsonObject InputSchema,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Notice = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] JsonArray? Options = null);

/// <summary>Describes a guided prompt that can be started.</summary>
/// <param name="Description"><example>"Routine examination without findings."</example></param>
/// <param name="Callers">The roles that may use the prompt.</param>
/// <param name="InitialDataSchema">The JSON Schema of the data that may be given at the start.</param>
/// <param name="Steps">The steps, in order.</param>
public sealed record PromptDescription(string Name, string Description, IReadOnlyList<string> Callers, JsonObject InitialDataSchema,
    IReadOnlyList<PromptStep> Steps);

/// <summary>Represents the list of guided prompts.</summary>
[Audited(AuditKind.Prompt, RecordsReads = false)]
public sealed record PromptList(IReadOnlyList<PromptDescription> Prompts);

/// <summary>Lists the guided prompts that your role may use, with their steps and the input of each.</summary>
[Tool("list_prompts", Effect.Read, Callers.Everyone)]
public sealed record ListPrompts : ITool<PromptList>;

/// <summary>Starts a guided prompt. Steps whose answers are already known are skipped: the result contains the first open step.</summary>
/// <param name="Prompt">The name of the prompt, from list_prompts.</param>
/// <param name="InitialData">
/// The data that is known at the start, as described by the prompt's initial_data_schema.
/// <example>{"preferred_date":"2027-03-01"}</example>
/// </param>
[Tool("invoke_prompt", Effect.Create, Callers.Everyone)]
public sealed record InvokePrompt([property: Length(1, 100)] string Prompt, JsonObject? InitialData = null) : ITool<PromptSession>;

/// <summary>
/// Answers a step of a guided prompt. The step's action is carried out with your own permissions, and the result contains the next step. If the action is
/// refused, the prompt stays at its step.
/// </summary>
/// <param name="SessionId">The ID of the prompt session.</param>
/// <param name="Input">The answer, as described by the step's input_schema. <example>{"reason":"Regular checkup"}</example></param>
/// <param name="Step">
/// The name of the step to answer; the current one by default. An earlier step can be answered again unless its action has already been carried out.
/// <example>"describe_concern"</example>
/// </param>
[Tool("answer_prompt", Effect.Create, Callers.Everyone)]
public sealed record AnswerPrompt(Guid SessionId, JsonObject Input, [property: Length(1, 100)] string? Step = null) : ITool<PromptSession>;

/// <summary>Returns the current state of one of your guided prompts.</summary>
/// <param name="SessionId">The ID of the prompt session.</param>
[Tool("get_prompt_session", Effect.Read, Callers.Everyone)]
public sealed record GetPromptSession(Guid SessionId) : ITool<PromptSession>;

/// <summary>Ends one of your guided prompts and deletes its data. Actions that its steps have carried out are not undone.</summary>
/// <param name="SessionId">The ID of the prompt session.</param>
[Tool("abandon_prompt", Effect.Delete, Callers.Everyone)]
public sealed record AbandonPrompt(Guid SessionId) : ITool<PromptSession>;

/// <summary>Represents the initial data of a prompt.</summary>
public interface IPromptInitialData
{
    /// <summary>Gets the ID of the hospital; the caller's own by default. Required for platform administrators.</summary>
    Guid? HospitalId { get; }
}
