using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;

namespace MedCor.Contracts;

/// <summary>A tool's parameters. The record is the tool: its shape is the JSON Schema, its docstring the text that people and models read.</summary>
/// <typeparam name="TResult">What a successful call answers.</typeparam>
public interface ITool<TResult>;

/// <summary>Makes a record a tool. The service that owns it is the last part of the record's namespace.</summary>
/// <param name="name">The tool's name, unique in the whole system, <c>snake_case</c>.</param>
/// <param name="effect">What a call may change.</param>
/// <param name="callers">Who may call it at all; the handler still decides about the single row.</param>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class ToolAttribute(string name, Effect effect, Callers callers) : Attribute
{
    public string Name => name;
    public Effect Effect => effect;
    public Callers Callers => callers;

    /// <summary>
    /// Whether the tool reads reference data, so that its answer is the same for every caller of a kind and may be remembered, or changes such data.
    /// Every write that changes what a remembered read answers must say so.
    /// </summary>
    public bool IsReferenceData { get; init; }
}

/// <summary>
/// Makes a record a resource: what <c>GET /api/mcp/resources/{name}</c> lists and <c>/{name}/{id}</c> shows. The service that owns it is the last part of the record's namespace.
/// A field <c>x_id</c>, in it or in what it lists, can be expanded to the resource of the record <c>X</c>.
/// </summary>
/// <param name="name">Its path, plural, <c>snake_case</c>.</param>
/// <param name="callers">Who may read it at all; the service still decides about the single row.</param>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class ResourceAttribute(string name, Callers callers) : Attribute
{
    public string Name => name;
    public Callers Callers => callers;
}

/// <summary>What a call of a tool may change.</summary>
public enum Effect
{
    /// <summary>Changes nothing.</summary>
    Read,
    /// <summary>Adds something; calling twice adds two.</summary>
    Create,
    /// <summary>Changes something; calling twice changes no more than calling once.</summary>
    Update,
    /// <summary>Takes something out of use.</summary>
    Delete,
}

/// <summary>The kinds of callers, as the role matrix of the contract has them in its columns.</summary>
[Flags]
public enum Callers
{
    None = 0,
    /// <summary>An administrator without a hospital.</summary>
    Platform = 1,
    /// <summary>An administrator of one hospital.</summary>
    HospitalAdmin = 2,
    Doctor = 4,
    Nurse = 8,
    Patient = 16,
    Admins = Platform | HospitalAdmin,
    Staff = Admins | Doctor | Nurse,
    Everyone = Staff | Patient,
}

/// <summary>What a user is in the system.</summary>
public enum Role { Admin, Doctor, Nurse, Patient }

/// <summary>What every list takes.</summary>
/// <typeparam name="T">What is listed.</typeparam>
public abstract record PagedTool<T> : ITool<Page<T>>
{
    /// <summary>Which page, from 1.</summary>
    [Range(1, 1_000_000), System.ComponentModel.DefaultValue(1)]
    public int Page { get; init; } = 1;

    /// <summary>How many on a page, at most 100.</summary>
    [Range(1, 100), System.ComponentModel.DefaultValue(20)]
    public int Limit { get; init; } = 20;

    /// <summary>Fields to sort by, comma-separated; a leading <c>-</c> sorts downwards.</summary>
    [MaxLength(200)]
    public string? Sort { get; init; }
}

/// <summary>One page of a list.</summary>
/// <param name="Results">The rows of this page.</param>
/// <param name="Total">How many rows all pages have; counted to 10,000.</param>
/// <param name="Number">Which page this is, from 1.</param>
/// <param name="Limit">How many rows a page holds at most.</param>
/// <param name="HasMore">Whether a further page follows.</param>
/// <param name="TotalIsExact">False when there are more rows than were counted; absent otherwise.</param>
public sealed record Page<T>(
    [property: MaxLength(100)] IReadOnlyList<T> Results,
    long Total,
    [property: JsonPropertyName("page")] int Number,
    int Limit,
    bool HasMore,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] bool? TotalIsExact = null);
