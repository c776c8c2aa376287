using System.ComponentModel.DataAnnotations;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace MedCor.Contracts.Chat;

/// <summary>How far a guided prompt has come.</summary>
public enum PromptStatus { Active, Completed, Abandoned }

/// <summary>A guided prompt that somebody has begun. It is its beginner's alone, and is forgotten 24 hours after its last step.</summary>
/// <param name="Prompt">Which prompt it is.</param>
/// <param name="Step">What is asked next; none when nothing is.</param>
/// <param name="Data">What is known so far, and what was done.</param>
/// <param name="ExpiresAt">Until when it can be gone on with or looked at.</param>
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

/// <summary>A question of a guided prompt.</summary>
/// <param name="Index">Its place, from 1.</param>
/// <param name="Of">How many there are.</param>
/// <param name="Message">For the person who is to answer.</param>
/// <param name="InputSchema">The JSON Schema of an answer.</param>
/// <param name="Notice">Why it is asked once more, if it is.</param>
/// <param name="Options">What may be chosen: each with the fields of an answer, and with what a person needs to choose by.</param>
public sealed record PromptStep(
    int Index,
    int Of,
    string Name,
    string Message,
    JsonObject InputSchema,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Notice = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] JsonArray? Options = null);

/// <summary>A guided prompt as it can be begun.</summary>
/// <param name="Callers">Who may use it.</param>
/// <param name="InitialDataSchema">The JSON Schema of what can be known from the start.</param>
/// <param name="Steps">What it asks, in order.</param>
public sealed record PromptDescription(string Name, string Description, IReadOnlyList<string> Callers, JsonObject InitialDataSchema, IReadOnlyList<PromptStep> Steps);

/// <summary>The guided prompts.</summary>
public sealed record PromptList(IReadOnlyList<PromptDescription> Prompts);

/// <summary>Lists the guided prompts that your role may use, with the steps of each and what they ask.</summary>
[Tool("list_prompts", Effect.Read, Callers.Everyone)]
public sealed record ListPrompts : ITool<PromptList>;

/// <summary>Begins a guided prompt. What is known already is not asked again: the answer is the first step that is open.</summary>
/// <param name="Prompt">Its name, as list_prompts tells it.</param>
/// <param name="InitialData">What is known from the start; the prompt's initial_data_schema says what it can be.</param>
[Tool("invoke_prompt", Effect.Create, Callers.Everyone)]
public sealed record InvokePrompt([property: Length(1, 100)] string Prompt, JsonObject? InitialData = null) : ITool<PromptSession>;

/// <summary>
/// Answers a step of a guided prompt, does what the step says with your own rights, and gives the next one. What is refused leaves the prompt at its step.
/// </summary>
/// <param name="Input">The answer; the step's input_schema says what it can be.</param>
/// <param name="Step">The name of the step that it answers; the present one unless given. An earlier one is answered anew, unless what came of it is done already.</param>
[Tool("answer_prompt", Effect.Create, Callers.Everyone)]
public sealed record AnswerPrompt(Guid SessionId, JsonObject Input, [property: Length(1, 100)] string? Step = null) : ITool<PromptSession>;

/// <summary>Shows where a guided prompt of yours stands.</summary>
[Tool("get_prompt_session", Effect.Read, Callers.Everyone)]
public sealed record GetPromptSession(Guid SessionId) : ITool<PromptSession>;

/// <summary>Ends a guided prompt of yours and forgets what it held. What its steps have done stays done.</summary>
[Tool("abandon_prompt", Effect.Delete, Callers.Everyone)]
public sealed record AbandonPrompt(Guid SessionId) : ITool<PromptSession>;

/// <summary>What can be known when a prompt begins.</summary>
public interface IPromptInitialData
{
    /// <summary>The hospital it is about: one's own unless given; platform administrators must say which.</summary>
    Guid? HospitalId { get; }
}
