using System.Text.Json;
using System.Text.Json.Nodes;
using MedCor.Contracts;
using MedCor.Contracts.Chat;
using MedCor.ServiceDefaults.Tools;

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

    /// <summary>What is known from the start: the hospital if it was said, and the rest as the prompt remembers it. Throws <see cref="ServiceDefaults.Problems.Invalid"/>.</summary>
    public abstract (Guid? HospitalId, object Data) Begin(JsonObject initialData);

    /// <summary>What a session has remembered.</summary>
    public abstract object Recall(string json);

    /// <summary>Makes sure that what is known from the start is there for the caller, before anything is kept of it. Throws what it is refused with.</summary>
    public abstract Task Verify(object data, Turn turn);
}

/// <summary>A guided prompt that remembers a <typeparamref name="TData"/> between its steps.</summary>
/// <typeparam name="TStart">What can be known from the start.</typeparam>
internal abstract class Prompt<TStart, TData>(string name, Callers callers, string description) : Prompt(name, callers, description)
    where TStart : IKnownAtStart
    where TData : class
{
    public override JsonObject InitialDataSchema { get; } = Schema.Input(typeof(TStart));

    public override (Guid? HospitalId, object Data) Begin(JsonObject initialData)
    {
        var start = Params<TStart>.Read(Step.Bytes(initialData));
        return (start.HospitalId, Remember(start));
    }

    public override object Recall(string json) => JsonSerializer.Deserialize<TData>(json, Json.Options)!;

    public override Task Verify(object data, Turn turn) => Verify((TData)data, turn);

    /// <summary>Looks for what was named at the start, where no step does so at once.</summary>
    protected virtual Task Verify(TData data, Turn turn) => Task.CompletedTask;

    /// <summary>What the prompt remembers of what is known from the start.</summary>
    protected abstract TData Remember(TStart start);

    /// <summary>Declares a step.</summary>
    /// <param name="take">Does what an answer asks for.</param>
    /// <param name="options">What may be chosen, each an object with the fields of an answer.</param>
    /// <param name="known">The answer, when it is known without asking.</param>
    protected static Step Ask<TInput>(
        string name, string message, Func<TData, TInput, Turn, Task> take, Func<TData, Turn, Task<IEnumerable<object>>>? options = null, Func<TData, Turn, TInput?>? known = null)
        where TInput : class => new()
        {
            Name = name,
            Message = message,
            InputSchema = Schema.Input(typeof(TInput)),
            Take = (data, input, turn) => take((TData)data, Params<TInput>.Read(Step.Bytes(input)), turn),
            Options = (data, turn) => options is null ? Task.FromResult<IEnumerable<object>?>(null) : Offer(options((TData)data, turn)),
            TakeKnown = async (data, turn) =>
            {
                if (known?.Invoke((TData)data, turn) is not { } answer) return false;
                await take((TData)data, answer, turn);
                return true;
            },
        };

    private static async Task<IEnumerable<object>?> Offer(Task<IEnumerable<object>> options) => await options;
}

/// <summary>One question of a prompt.</summary>
internal sealed class Step
{
    public required string Name { get; init; }
    public required string Message { get; init; }
    public required JsonObject InputSchema { get; init; }

    /// <summary>Does what an answer asks for. Throws <see cref="ServiceDefaults.Problems.Invalid"/> naming every bad field.</summary>
    public required Func<object, JsonObject, Turn, Task> Take { get; init; }

    /// <summary>What may be chosen, if anything is to be chosen from.</summary>
    public required Func<object, Turn, Task<IEnumerable<object>?>> Options { get; init; }

    /// <summary>Takes the answer that is known without asking; false when none is.</summary>
    public required Func<object, Turn, Task<bool>> TakeKnown { get; init; }

    internal static ReadOnlyMemory<byte> Bytes(JsonObject input) => JsonSerializer.SerializeToUtf8Bytes(input, Json.Options);
}
