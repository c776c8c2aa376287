using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace MedCor.Contracts;

/// <summary>A resource as everybody needs it: who owns it, who may read it, what its entity has.</summary>
/// <param name="Name">Its path below <c>/resources/</c>.</param>
/// <param name="Fields">The names of its entity's fields.</param>
/// <param name="References">What can be expanded, by the name that <c>expand</c> has for it.</param>
public sealed record ResourceDescriptor(
    string Name, string Service, Callers Callers, string Description, Type Entity, IReadOnlyList<string> Fields, IReadOnlyDictionary<string, ResourceReference> References)
{
    /// <summary>Whether it lists entities and shows each by its id; else it shows the one that there is.</summary>
    public bool IsList { get; } = Fields.Contains("id");
}

/// <summary>A place in an entity that names another resource's entity.</summary>
/// <param name="List">The list in whose elements it stands; none when it stands in the entity itself.</param>
/// <param name="Field">The field that holds the id, <c>x_id</c>.</param>
/// <param name="Expanded">The field that the other entity is added as, <c>x</c>.</param>
/// <param name="Resource">The name of the other resource.</param>
public sealed record ResourceReference(string? List, string Field, string Expanded, string Resource);

/// <summary>Every resource there is, read once from the contracts.</summary>
public static class ResourceCatalogue
{
    private const string IdSuffix = "_id";

    private static readonly (Type Type, ResourceAttribute Promise)[] Attributes =
        [.. from type in typeof(ResourceAttribute).Assembly.GetTypes() let promise = type.GetCustomAttribute<ResourceAttribute>() where promise is not null select (type, promise)];

    /// <summary>By name, in alphabetical order.</summary>
    public static IReadOnlyDictionary<string, ResourceDescriptor> All { get; } =
        new SortedDictionary<string, ResourceDescriptor>(Attributes.Select(p => Describe(p.Type, p.Promise)).ToDictionary(r => r.Name), StringComparer.Ordinal);

    private static ResourceDescriptor Describe(Type type, ResourceAttribute promise) => new(
        promise.Name, type.Namespace!.Split('.')[^1].ToLowerInvariant(), promise.Callers, XmlDocumentation.GetSummary(type), type,
        [.. Properties(type).Select(p => p.Name)], References(type).ToDictionary(r => r.Key, r => r.Reference));

    private static IEnumerable<(string Key, ResourceReference Reference)> References(Type type)
    {
        foreach (var property in Properties(type))
        {
            if (FindReference(property) is { } own)
                yield return (own.Expanded, own);
            else if (Json.Options.GetTypeInfo(property.PropertyType) is { Kind: JsonTypeInfoKind.Enumerable, ElementType: { } element } && Json.Options.GetTypeInfo(element).Kind == JsonTypeInfoKind.Object)
                foreach (var inner in Properties(element).Select(FindReference).OfType<ResourceReference>().Take(1))
                    yield return (property.Name, inner with { List = property.Name });
        }
    }

    /// <summary>What a field names, if anything: <c>doctor_id</c> a Doctor, <c>plan_id</c> the one record whose name ends with Plan.</summary>
    private static ResourceReference? FindReference(JsonPropertyInfo property)
    {
        if (!property.Name.EndsWith(IdSuffix, StringComparison.Ordinal)) return null;
        var name = property.Name[..^IdSuffix.Length];
        var named = Attributes.Select(p => (Singular: JsonNamingPolicy.SnakeCaseLower.ConvertName(p.Type.Name), p.Promise.Name)).ToArray();
        var found = named.Where(r => r.Singular == name).Concat(named.Where(r => r.Singular.EndsWith($"_{name}", StringComparison.Ordinal))).FirstOrDefault();
        return found.Name is null ? null : new(null, property.Name, name, found.Name);
    }

    private static IList<JsonPropertyInfo> Properties(Type type) => Json.Options.GetTypeInfo(type).Properties;
}
