using System.Text.Json;
using System.Text.Json.Nodes;
using MedCor.Contracts;
using MedCor.Contracts.Chat;
using MedCor.Validation;

namespace MedCor.Chat.Prompts;

/// <summary>A guided prompt: questions that are asked one after the other, each with what is done about its answer. Found by its type; one lives as long as the process.</summary>
internal abstract class Prompt(string name, Callers callers, string description)
{
    public string Name => name;
    public Callers Callers => callers;
    public string Description => description;

    /// <summary>The questions, in order.</summary>
    public abstract IReadOnlyList<Step> Steps { get; }

    /// <summary>The JSON Schema of what can be known from the start.</summary>
    public abstract JsonObject InitialDataSchema { get; }

    /// <summary>What is known from the start: the hospital if it was said, and the rest as the prompt remembers it. Throws <see cref="Contracts.ValidationFailed"/>.</summary>
    public abstract (Guid? HospitalId, object Data) ReadInitialData(JsonObject initialData);

    /// <summary>What a session has remembered.</summary>
    public abstract object DeserializeData(string json);

    /// <summary>Makes sure that what is known from the start is there for the caller, before anything is kept of it. Throws what it is refused with.</summary>
    public abstract Task VerifyAsync(object data, StepContext turn);
}

/// <summary>A guided prompt that remembers a <typeparamref name="TData"/> between its steps.</summary>
/// <typeparam name="TStart">What can be known from the start.</typeparam>
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

    public override Task VerifyAsync(object data, StepContext turn) => VerifyAsync((TData)data, turn);

    /// <summary>Looks for what was named at the start, where no step does so at once.</summary>
    protected virtual Task VerifyAsync(TData data, StepContext turn) => Task.CompletedTask;

    /// <summary>What the prompt remembers of what is known from the start.</summary>
    protected abstract TData CreateData(TStart start);

    /// <summary>Declares a step.</summary>
    /// <param name="take">Does what an answer asks for.</param>
    /// <param name="options">What may be chosen, each an object with the fields of an answer.</param>
    /// <param name="known">The answer, when it is known without asking.</param>
    protected static Step DefineStep<TInput>(
        string name, string message, Func<TData, TInput, StepContext, Task> take, Func<TData, StepContext, Task<IEnumerable<object>>>? options = null, Func<TData, StepContext, TInput?>? known = null)
        where TInput : class => new()
        {
            Name = name,
            Message = message,
            InputSchema = ContractSchema.ForInput(typeof(TInput)),
            Accept = (data, input, turn) => take((TData)data, ParameterReader<TInput>.Read(Step.ToUtf8Bytes(input)), turn),
            Options = (data, turn) => options is null ? Task.FromResult<IEnumerable<object>?>(null) : AsNullableAsync(options((TData)data, turn)),
            AcceptKnown = async (data, turn) =>
            {
                if (known?.Invoke((TData)data, turn) is not { } answer) return false;
                await take((TData)data, answer, turn);
                return true;
            },
        };

    private static async Task<IEnumerable<object>?> AsNullableAsync(Task<IEnumerable<object>> options) => await options;
}

/// <summary>One question of a prompt.</summary>
internal sealed class Step
{
    public required string Name { get; init; }
    public required string Message { get; init; }
    public required JsonObject InputSchema { get; init; }

    /// <summary>Does what an answer asks for. Throws <see cref="Contracts.ValidationFailed"/> naming every bad field.</summary>
    public required Func<object, JsonObject, StepContext, Task> Accept { get; init; }

    /// <summary>What may be chosen, if anything is to be chosen from.</summary>
    public required Func<object, StepContext, Task<IEnumerable<object>?>> Options { get; init; }

    /// <summary>Takes the answer that is known without asking; false when none is.</summary>
    public required Func<object, StepContext, Task<bool>> AcceptKnown { get; init; }

    internal static ReadOnlyMemory<byte> ToUtf8Bytes(JsonObject input) => JsonSerializer.SerializeToUtf8Bytes(input, Json.Options);
}
