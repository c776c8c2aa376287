using MedCor.Contracts.Clinical;

namespace MedCor.Contracts;

/// <summary>Describes what a call requested.</summary>
/// <param name="Action">The name of the tool, or of what was done otherwise.</param>
/// <param name="Resource">The name of the resource, as in <c>/api/mcp/resources/{resource}</c> where it has a path.</param>
/// <param name="ResourceId">The ID of the single entry that was named, if any.</param>
/// <param name="PatientId">The ID of the patient who was named, if any.</param>
public sealed record AuditedAccess(string Action, string Resource, Guid? ResourceId = null, Guid? PatientId = null)
{
    /// <summary>Gets what the access was about.</summary>
    public AuditKind Kind { get; init; }

    /// <summary>
    /// Gets the names of the parameters that a change gave, without their values, and of an export the tables of which it showed rows; null for any other read,
    /// and for clinical content.
    /// </summary>
    public IReadOnlyList<string>? Fields { get; init; }

    /// <summary>Gets the number of rows that were read, where they are not named one by one.</summary>
    public int Rows { get; init; }
}

/// <summary>Represents an entity that a call showed or changed, as far as the audit trail names it.</summary>
/// <param name="Id">The ID of the entity; null when the trail does not name it.</param>
/// <param name="HospitalId">The ID of its hospital; null when it belongs to none, or to that of the caller.</param>
/// <param name="PatientId">The ID of the patient whose entity it is; null when it is no patient's.</param>
/// <param name="Version">The version that was shown or that the change led to; null when it has none.</param>
public readonly record struct AuditedEntity(Guid? Id, Guid? HospitalId, Guid? PatientId, long? Version);

/// <summary>
/// Declares the kind under which the audit trail records what is done with an entity. Every record that a tool returns has it, unless it is
/// <see cref="IClinicalContent"/>; otherwise nothing starts.
/// </summary>
/// <param name="kind">The kind of a read and, unless <see cref="Writes"/> is set, of a change.</param>
/// <param name="resource">The name of the entity's resource; by default that of its <see cref="ResourceAttribute"/>.</param>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class AuditedAttribute(AuditKind kind, string? resource = null) : Attribute
{
    public AuditKind Kind { get; } = kind;
    public string? Resource { get; } = resource;

    /// <summary>Gets the kind of a change.</summary>
    public AuditKind Writes { get; init; } = kind;

    /// <summary>Gets whether reads are recorded. Those of what is nobody's own are not: names, opening hours, prices, and figures about many.</summary>
    public bool RecordsReads { get; init; } = true;
}
