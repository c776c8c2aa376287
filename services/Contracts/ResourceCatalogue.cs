using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace MedCor.Contracts;

/// <summary>Contains all resources, read once from the contracts.</summary>
public static class ResourceCatalogue
{
    private const string IdSuffix = "_id";

    private static readonly (Type Type, ResourceAttribute Attribute)[] Attributes =
        [.. from type in typeof(ResourceAttribute).Assembly.GetTypes()
            let attribute = type.GetCustomAttribute<ResourceAttribute>()
            where attribute is not null
            select (type, attribute)];

    /// <summary>Gets the resources by name, in alphabetical order.</summary>
    public static IReadOnlyDictionary<string, ResourceDescriptor> All { get; } =
        new SortedDictionary<string, ResourceDescriptor>(
            Attributes.Select(p => Describe(p.Type, p.Attribute)).ToDictionary(r => r.Name), StringComparer.Ordinal);

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
        var candidates = Attributes.Select(p => (Singular: JsonNamingPolicy.SnakeCaseLower.ConvertName(p.Type.Name), p.Attribute.Name)).ToArray();
        var match = candidates.Where(r => r.Singular == name)
            .Concat(candidates.Where(r => r.Singular.EndsWith($"_{name}", StringComparison.Ordinal))).FirstOrDefault();
        return match.Name is null ? null : new(null, property.Name, name, match.Name);
    }

    private static IList<JsonPropertyInfo> Properties(Type type) => Json.Options.GetTypeInfo(type).Properties;
}
