using System.Text.Json;
using System.Text.Json.Nodes;
using MedCor.Contracts;
using MedCor.Contracts.Chat;
using MedCor.Validation;

namespace MedCor.Chat.Prompts;

/// <summary>
/// Defines a guided prompt: questions that are asked one after the other, each with the work that its answer
/// triggers. Prompts are found by their type, and each is a singleton.
/// </summary>
internal abstract class Prompt(string name, Callers callers, string description)
{
    public string Name => name;
    public Callers Callers => callers;
    public string Description => description;

    /// <summary>Gets the questions, in order.</summary>
    public abstract IReadOnlyList<Step> Steps { get; }

    /// <summary>Gets the JSON Schema of the initial data.</summary>
    public abstract JsonObject InitialDataSchema { get; }

    /// <summary>
    /// Reads the initial data: the hospital, if given, and the data that the prompt keeps. Throws
    /// <see cref="Contracts.ValidationFailed"/> when the initial data is invalid.
    /// </summary>
    public abstract (Guid? HospitalId, object Data) ReadInitialData(JsonObject initialData);

    /// <summary>Deserializes the data of a session.</summary>
    public abstract object DeserializeData(string json);

    /// <summary>
    /// Verifies that what the initial data names exists for the caller, before any of it is stored. Throws the error with which it is rejected.
    /// </summary>
    public abstract Task VerifyAsync(object data, StepContext context);
}

/// <summary>Defines a guided prompt that keeps a <typeparamref name="TData"/> between its steps.</summary>
/// <typeparam name="TStart">The initial data.</typeparam>
internal abstract class Prompt<TStart, TData>(string name, Callers callers, string description) : Prompt(name, callers, description)
    where TStart : IPromptInitialData
    where TData : class
{
    public override JsonObject InitialDataSchema { get; } = ContractSchema.ForInput(typeof(TStart));

    public override (Guid? HospitalId, object Data) ReadInitialData(JsonObject initialData)
    {
        var start = ParameterReader<TStart>.Read(Step.ToUtf8Bytes(initialData));
        return (start.HospitalId, CreateData(start));
    }

    public override object DeserializeData(string json) => JsonSerializer.Deserialize<TData>(json, Json.Options)!;

    public override Task VerifyAsync(object data, StepContext context) => VerifyAsync((TData)data, context);

    /// <summary>Verifies what the initial data names, where no step does so at once.</summary>
    protected virtual Task VerifyAsync(TData data, StepContext context) => Task.CompletedTask;

    /// <summary>Creates the data that the prompt keeps from the initial data.</summary>
    protected abstract TData CreateData(TStart start);

    /// <summary>Creates a step.</summary>
    /// <param name="accept">Processes an answer.</param>
    /// <param name="options">Returns the options to choose from, each an object with the fields of an answer.</param>
    /// <param name="getKnownAnswer">Returns the answer when it is known without asking.</param>
    protected static Step DefineStep<TInput>(
        string name, string message, Func<TData, TInput, StepContext, Task> accept, Func<TData, StepContext, Task<IEnumerable<object>>>? options = null,
        Func<TData, StepContext, TInput?>? getKnownAnswer = null)
        where TInput : class => new()
        {
            Name = name,
            Message = message,
            InputSchema = ContractSchema.ForInput(typeof(TInput)),
            Accept = (data, input, context) => accept((TData)data, ParameterReader<TInput>.Read(Step.ToUtf8Bytes(input)), context),
            Options = (data, context) => options is null ? Task.FromResult<IEnumerable<object>?>(null) : AsNullableAsync(options((TData)data, context)),
            AcceptKnown = async (data, context) =>
            {
                if (getKnownAnswer?.Invoke((TData)data, context) is not { } answer) return false;
                await accept((TData)data, answer, context);
                return true;
            },
        };

    private static async Task<IEnumerable<object>?> AsNullableAsync(Task<IEnumerable<object>> options) => await options;
}

/// <summary>Represents one question of a prompt.</summary>
internal sealed class Step
{
    public required string Name { get; init; }
    public required string Message { get; init; }
    public required JsonObject InputSchema { get; init; }

    /// <summary>Gets the function that processes an answer. It throws <see cref="Contracts.ValidationFailed"/> naming every invalid field.</summary>
    public required Func<object, JsonObject, StepContext, Task> Accept { get; init; }

    /// <summary>Gets the function that returns the options to choose from; its result is null when there are none.</summary>
    public required Func<object, StepContext, Task<IEnumerable<object>?>> Options { get; init; }

    /// <summary>Gets the function that processes the answer that is known without asking; its result is false when none is.</summary>
    public required Func<object, StepContext, Task<bool>> AcceptKnown { get; init; }

    internal static ReadOnlyMemory<byte> ToUtf8Bytes(JsonObject input) => JsonSerializer.SerializeToUtf8Bytes(input, Json.Options);
}
