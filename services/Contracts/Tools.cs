using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;

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

    /// <summary>Gets whether the result contains a secret, which only the caller receives: it is published nowhere, and stored encrypted alone.</summary>
    public bool ReturnsSecret { get; init; }
}

/// <summary>
/// Marks a record as a resource: <c>GET /api/mcp/resources/{name}</c> lists its entities and <c>/{name}/{id}</c> returns one. The last part of the record's
/// namespace is the service that owns the resource. A field <c>x_id</c>, of the record or of the elements of its lists, can be expanded to the resource of the
/// record <c>X</c>.
/// </summary>
/// <param name="name">The path, plural, in <c>snake_case</c>.</param>
/// <param name="callers">The roles that may read the resource at all; the service also decides on each row.</param>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class ResourceAttribute(string name, Callers callers) : Attribute
{
    public string Name => name;
    public Callers Callers => callers;
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

/// <summary>Specifies the roles of callers: the columns of the role matrix. The description of each is its label.</summary>
[Flags]
public enum Callers
{
    None = 0,
    /// <summary>An administrator who belongs to no hospital.</summary>
    [Description("platform administrator")]
    Platform = 1,
    /// <summary>An administrator of one hospital.</summary>
    [Description("hospital administrator")]
    HospitalAdmin = 2,
    [Description("doctor")]
    Doctor = 4,
    [Description("nurse")]
    Nurse = 8,
    [Description("patient")]
    Patient = 16,
    /// <summary>Somebody at the front desk, who registers and books but sees no clinical content.</summary>
    [Description("receptionist")]
    Receptionist = 32,
    Admins = Platform | HospitalAdmin,
    /// <summary>The staff who may see clinical content.</summary>
    ClinicalStaff = Admins | Doctor | Nurse,
    Staff = ClinicalStaff | Receptionist,
    Everyone = Staff | Patient,
}

/// <summary>Specifies the role of a user.</summary>
public enum Role { Admin, Doctor, Nurse, Patient, Receptionist }

/// <summary>Defines the parameters that every list has.</summary>
/// <typeparam name="T">The type of the listed entries.</typeparam>
public abstract record PagedTool<T> : ITool<Page<T>>
{
    /// <summary>The number of the page, starting at 1.</summary>
    [Range(1, 1_000_000), DefaultValue(1)]
    public int Page { get; init; } = 1;

    /// <summary>The maximum number of entries on a page, at most 100.</summary>
    [Range(1, 100), DefaultValue(20)]
    public int Limit { get; init; } = 20;

    /// <summary>The fields to sort by, comma-separated; a leading <c>-</c> sorts in descending order.</summary>
    /// <example>null</example>
    [MaxLength(200)]
    public string? Sort { get; init; }
}

/// <summary>Represents one page of a list.</summary>
/// <param name="Results">The rows of this page.</param>
/// <param name="Total">The number of rows on all pages, counted up to 10,000.</param>
/// <param name="Number">The number of this page, from 1.</param>
/// <param name="Limit">The maximum number of rows on a page. <example>20</example></param>
/// <param name="HasMore">Whether another page follows. <example>false</example></param>
/// <param name="TotalIsExact">false when there are more rows than were counted; absent otherwise.</param>
public sealed record Page<T>(
    [property: MaxLength(100)] IReadOnlyList<T> Results,
    long Total,
    [property: JsonPropertyName("page")] int Number,
    int Limit,
    bool HasMore,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] bool? TotalIsExact = null);
