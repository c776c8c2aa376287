using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
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

    /// <summary>Gets what the audit trail records of each read; null when it records none.</summary>
    public AuditDescriptor? Audit { get; } = AuditDescriptor.Create(Entity, Effect.Read);

    /// <summary>Gets whether the entities contain clinical content.</summary>
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

/// <summary>Contains all resources, read once from the contracts.</summary>
public static class ResourceCatalogue
{
    private const string IdSuffix = "_id";

    private static readonly (Type Type, ResourceAttribute Promise)[] Attributes =
        [.. from type in typeof(ResourceAttribute).Assembly.GetTypes()
            let attribute = type.GetCustomAttribute<ResourceAttribute>()
            where attribute is not null
            select (type, attribute)];

    /// <summary>Gets the resources by name, in alphabetical order.</summary>
    public static IReadOnlyDictionary<string, ResourceDescriptor> All { get; } =
        new SortedDictionary<string, ResourceDescriptor>(Attributes.Select(p => Describe(p.Type, p.Promise)).ToDictionary(r => r.Name), StringComparer.Ordinal);

    private static ResourceDescriptor Describe(Type type, ResourceAttribute attribute) => new(
        attribute.Name, type.Namespace!.Split('.')[^1].ToLowerInvariant(), attribute.Callers, XmlDocumentation.GetSummary(type), type,
        [.. Properties(type).Select(p => p.Name)], References(type).ToDictionary(r => r.Key, r => r.Reference));

    private static IEnumerable<(string Key, ResourceReference Reference)> References(Type type)
    {
        foreach (var property in Properties(type))
        {
            if (FindReference(property) is { } reference)
                yield return (reference.Expanded, reference);
            else if (Json.Options.GetTypeInfo(property.PropertyType) is { Kind: JsonTypeInfoKind.Enumerable, ElementType: { } element }
                && Json.Options.GetTypeInfo(element).Kind == JsonTypeInfoKind.Object)
                foreach (var inner in Properties(element).Select(FindReference).OfType<ResourceReference>().Take(1))
                    yield return (property.Name, inner with { List = property.Name });
        }
    }

    /// <summary>
    /// Returns the reference that a field represents, or null: <c>doctor_id</c> refers to Doctor, <c>plan_id</c> to the record whose name ends with Plan.
    /// </summary>
    private static ResourceReference? FindReference(JsonPropertyInfo property)
    {
        if (!property.Name.EndsWith(IdSuffix, StringComparison.Ordinal)) return null;
        var name = property.Name[..^IdSuffix.Length];
        var candidates = Attributes.Select(p => (Singular: JsonNamingPolicy.SnakeCaseLower.ConvertName(p.Type.Name), p.Promise.Name)).ToArray();
        var match = candidates.Where(r => r.Singular == name)
            .Concat(candidates.Where(r => r.Singular.EndsWith($"_{name}", StringComparison.Ordinal))).FirstOrDefault();
        return match.Name is null ? null : new(null, property.Name, name, match.Name);
    }

    private static IList<JsonPropertyInfo> Properties(Type type) => Json.Options.GetTypeInfo(type).Properties;
}
