using MedCor.Contracts.Clinical;

namespace MedCor.Contracts;

/// <summary>Describes a resource: the service that owns it, its permitted callers and the fields of its entity.</summary>
/// <param name="Name">The path below <c>/resources/</c>.</param>
/// <param name="Fields">The names of the entity's fields.</param>
/// <param name="References">The references that can be expanded, by their name in <c>expand</c>.</param>
public sealed record ResourceDescriptor(
    string Name, string Service, Callers Callers, string Description, Type Entity, IReadOnlyList<string> Fields,
    IReadOnlyDictionary<string, ResourceReference> References)
{
    /// <summary>Gets whether the resource lists entities and returns each by its ID; otherwise it returns a single entity.</summary>
    public bool IsList { get; } = Fields.Contains("id");

    /// <summary>Gets whether the entities contain clinical content, every access to which is recorded.</summary>
    public bool HasClinicalContent { get; } = Entity.IsAssignableTo(typeof(IClinicalContent));

    /// <summary>Gets the scope that an access token with scopes needs to read the resource.</summary>
    public Scope Scope { get; } = Scope.For(Service, Name, Effect.Read);
}

/// <summary>Represents a field of an entity that refers to an entity of another resource.</summary>
/// <param name="List">The list whose elements contain the field; null when the entity itself contains it.</param>
/// <param name="Field">The field that contains the ID, <c>x_id</c>.</param>
/// <param name="Expanded">The field to which the referenced entity is added, <c>x</c>.</param>
/// <param name="Resource">The name of the other resource.</param>
public sealed record ResourceReference(string? List, string Field, string Expanded, string Resource);
