using System.Text.Json.Nodes;

namespace MedCor.Contracts.LanguageModels;

/// <summary>
/// Converts the schemas of contracts to those that every language model and every client of MCP can read: some of them know no references, no lists of types
/// and no null among values.
/// </summary>
public static class ModelSchema
{
    private const int MaxDepth = 32;

    /// <summary>
    /// Returns the schema of what a model may send. Optional properties are those that are not required; null is accepted for them all the same.
    /// </summary>
    public static JsonObject ForInput(Type type) => Convert(ContractSchema.ForInput(type), withNull: false);

    /// <summary>Returns the schema of a result.</summary>
    public static JsonObject ForOutput(Type type) => Convert(ContractSchema.ForOutput(type), withNull: true);

    private static JsonObject Convert(JsonObject schema, bool withNull)
    {
        schema.Remove("$schema");
        var converted = Inline(schema, schema, depth: 0);
        if (!withNull) RemoveNull(converted);
        return (JsonObject)converted;
    }

    /// <summary>Replaces references by what they refer to.</summary>
    private static JsonNode Inline(JsonNode node, JsonObject root, int depth)
    {
        if (depth > MaxDepth) throw new InvalidOperationException("A schema that refers to itself cannot be written without references.");
        switch (node)
        {
            case JsonObject schema when (string?)schema["$ref"] is { } pointer:
                var target = (JsonObject)Inline(Resolve(root, pointer), root, depth + 1);
                foreach (var (name, value) in schema.Where(member => member.Key != "$ref")) target[name] = value?.DeepClone();
                return target;
            case JsonObject schema:
                return new JsonObject(schema.Select(m => KeyValuePair.Create(m.Key, m.Value is null ? null : Inline(m.Value, root, depth + 1))));
            case JsonArray list:
                return new JsonArray([.. list.Select(item => item is null ? null : Inline(item, root, depth + 1))]);
            default:
                return node.DeepClone();
        }
    }

    /// <summary>Returns the part of a document to which a JSON pointer in a fragment refers (RFC 6901).</summary>
    private static JsonNode Resolve(JsonNode root, string pointer) =>
        pointer.Split('/').Skip(1)
            .Select(step => Uri.UnescapeDataString(step).Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal))
            .Aggregate(root, (node, step) => node is JsonArray list ? list[int.Parse(step, System.Globalization.CultureInfo.InvariantCulture)]! : node[step]!);

    private static void RemoveNull(JsonNode? node)
    {
        if (node is JsonArray list)
        {
            foreach (var item in list) RemoveNull(item);
            return;
        }
        if (node is not JsonObject schema) return;
        if (schema["type"] is JsonArray types) schema["type"] = types.Select(type => (string)type!).Single(type => type != "null");
        if (schema["enum"] is JsonArray values) values.RemoveAll(value => value is null);
        if (schema.TryGetPropertyValue("default", out var usual) && usual is null) schema.Remove("default");
        foreach (var (_, value) in schema) RemoveNull(value);
    }
}
