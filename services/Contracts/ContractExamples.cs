using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace MedCor.Contracts;

/// <summary>Finds example values of fields: the JSON in the <c>example</c> tags of the contracts' doc comments.</summary>
/// <remarks>
/// A field without an example has that of the field with the same name in the entity that the tool returns, or, if it is the ID of an entity such as
/// <c>doctor_id</c>, that of the entity's <c>id</c>.
/// </remarks>
public static class ContractExamples
{
    private static readonly Dictionary<string, Type> Entities =
        typeof(ResourceAttribute).Assembly.GetTypes().Where(type => type.IsDefined(typeof(ResourceAttribute), inherit: false)).ToDictionary(type => type.Name);

    /// <summary>Returns whether a field has an example.</summary>
    /// <param name="record">The record that has the field.</param>
    /// <param name="field">The name of the field in JSON.</param>
    /// <param name="example">The example, which can be null.</param>
    public static bool TryGet(Type record, string field, out JsonNode? example)
    {
        example = null;
        if (FindProperty(record, field) is not { } property) return false;
        var found = XmlDocumentation.GetExample(property)
            ?? (GetEntity(record) is { } entity && FindProperty(entity, field) is { } same ? XmlDocumentation.GetExample(same) : null)
            ?? (property.Name.EndsWith("Id", StringComparison.Ordinal) && Entities.TryGetValue(property.Name[..^2], out var named)
                ? XmlDocumentation.GetExample(named.GetProperty("Id")!)
                : null);
        if (found is null) return false;
        example = JsonNode.Parse(found);
        return true;
    }

    private static PropertyInfo? FindProperty(Type record, string field) =>
        Json.Strict.GetTypeInfo(record).Properties.FirstOrDefault(p => p.Name == field)?.AttributeProvider as PropertyInfo;

    /// <summary>Returns the entity that a tool returns, by itself or in a list; null for a record that is not the parameters of a tool.</summary>
    private static Type? GetEntity(Type record) => ToolCatalogue.ByParameterType.GetValueOrDefault(record)?.Result switch
    {
        { IsGenericType: true } list => list.GetGenericArguments()[0],
        var one => one,
    };
}
