namespace MedCor.Platform.Tenancy;

/// <summary>Specifies what becomes of a row when a person whose data it is is erased.</summary>
public enum OnErasure
{
    /// <summary>The row is kept: the law requires it for a time, or it contains nothing but IDs.</summary>
    Keep,
    /// <summary>The row is deleted.</summary>
    Delete,
    /// <summary>The handler of the erasure decides: the row does not name the person, and may be that of several.</summary>
    Decide,
}

/// <summary>
/// Declares whose data the rows of an entity are, what an export contains of them, and what the erasure of a person does with them. Each entity of a service
/// has this attribute or <see cref="NoPersonalDataAttribute"/>: a table without a decision fails a test.
/// </summary>
/// <param name="onErasure">What becomes of a row when the person is erased.</param>
/// <param name="people">The properties that contain the ID of a person whose data the row is.</param>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class PersonalDataAttribute(OnErasure onErasure, params string[] people) : Attribute
{
    /// <summary>Gets what becomes of a row when the person is erased.</summary>
    public OnErasure OnErasure => onErasure;

    /// <summary>Gets the properties that contain the ID of a person whose data the row is.</summary>
    public IReadOnlyList<string> People => people;

    /// <summary>Gets whether exports contain the rows. Copies, secrets and statistics are not exported.</summary>
    public bool IsExported { get; init; } = true;

    /// <summary>Gets whether only the person themselves may export the rows, and no administrator.</summary>
    public bool IsPrivate { get; init; }

    /// <summary>
    /// Gets the entity that a row is part of, if the row itself names no person: <see cref="People"/> is then the property that contains the entity's ID.
    /// </summary>
    public Type? PartOf { get; init; }
}

/// <summary>Declares that the rows of an entity are about no person.</summary>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class NoPersonalDataAttribute : Attribute
{
    /// <summary>Gets whether the export of a hospital contains the rows.</summary>
    public bool IsExported { get; init; } = true;
}

/// <summary>Declares that no export contains a property: a secret, or what the database computes.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class NotExportedAttribute : Attribute;
