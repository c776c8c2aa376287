namespace MedCor.Contracts;

/// <summary>
/// Represents the parameters of a tool. The record defines the tool: its shape is the JSON Schema, its doc comment the description that people and models read.
/// </summary>
/// <typeparam name="TResult">The result of a successful call.</typeparam>
public interface ITool<TResult>;

/// <summary>Marks a record as a tool. The last part of the record's namespace is the service that owns the tool.</summary>
/// <param name="name">The name of the tool, unique in the whole system, in <c>snake_case</c>.</param>
/// <param name="effect">The effect of a call.</param>
/// <param name="callers">The roles that may call the tool at all; the handler also decides on each row.</param>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class ToolAttribute(string name, Effect effect, Callers callers) : Attribute
{
    public string Name => name;
    public Effect Effect => effect;
    public Callers Callers => callers;

    /// <summary>
    /// Gets whether the tool reads reference data, so that its result is the same for every caller of a role and may be cached, or changes such data. Every
    /// write that changes the result of a cached read must set it.
    /// </summary>
    public bool IsReferenceData { get; init; }

    /// <summary>Gets whether the sign-in policy of the caller's hospital can require that the caller has logged in recently.</summary>
    public bool RequiresStepUp { get; init; }

    /// <summary>Gets the parameter that the shortest example has, for a tool that requires one of several parameters; null for all others.</summary>
    public string? ExampleParameter { get; init; }

    /// <summary>Gets whether the result contains a secret, which only the caller receives: it is published nowhere, and stored encrypted alone.</summary>
    public bool ReturnsSecret { get; init; }
}

/// <summary>Specifies what a call of a tool may change.</summary>
public enum Effect
{
    /// <summary>The call changes nothing.</summary>
    Read,
    /// <summary>The call adds something; calling twice adds two.</summary>
    Create,
    /// <summary>The call changes something; calling twice changes no more than calling once.</summary>
    Update,
    /// <summary>The call deactivates an entity.</summary>
    Delete,
}
