using System.Text.Json.Nodes;

namespace MedCor.Gateway.OpenApi;

/// <summary>
/// Creates example values that match a schema: the examples of the contracts (see <see cref="Contracts.ContractExamples"/>), and for other fields the simplest
/// value that the schema allows. The contracts' examples name people and a hospital of the demo data, so that a call can be tried without changes.
/// </summary>
internal static class ExampleValues
{
    /// <summary>Creates a response with all its fields.</summary>
    public static JsonNode? ForResponse(JsonObject schema, ComponentRegistry components) => Create(schema, components, "", "", _ => true);

    /// <summary>Creates parameters with only the required fields.</summary>
    /// <param name="also">One more field; null for none.</param>
    public static JsonObject ForRequiredOnly(JsonObject parameters, ComponentRegistry components, string? also)
    {
        var required = (components.Resolve(parameters)["required"]?.AsArray() ?? []).Select(name => (string)name!).ToHashSet();
        return (JsonObject)Create(parameters, components, "", "", name => name == also || required.Contains(name))!;
    }

    /// <summary>Creates parameters with all fields except <c>expected_version</c>, whose current value the example cannot know.</summary>
    public static JsonObject ForAllFields(JsonObject parameters, ComponentRegistry components) =>
        (JsonObject)Create(parameters, components, "", "", name => name != "expected_version")!;

    /// <param name="record">The name of the record that contains the value.</param>
    /// <param name="field">The name of the field.</param>
    /// <param name="wanted">A predicate that selects the fields of the outermost record to fill.</param>
    private static JsonNode? Create(JsonObject schema, ComponentRegistry components, string record, string field, Func<string, bool> wanted)
    {
        if (components.TryGetExample(record, field, out var example)) return example;
        if (schema["anyOf"] is JsonArray either) return Create((JsonObject)either[0]!, components, record, field, wanted);
        if ((string?)schema["$ref"] is { } reference)
            return Create(components.Resolve(schema), components, reference[(reference.LastIndexOf('/') + 1)..], field, wanted);
        if (schema["default"] is { } usual) return usual.DeepClone();
        if (schema["enum"] is JsonArray choices) return choices[0]!.DeepClone();
        switch (SchemaBuilder.GetSchemaType(schema))
        {
            case "object":
                var fields = from property in schema["properties"]?.AsObject() ?? []
                             where wanted(property.Key)
                             let value = Create((JsonObject)property.Value!, components, record, property.Key, _ => true)
                             where value is not null || IsNullable((JsonObject)property.Value!) && !IsParameter(schema)
                             select KeyValuePair.Create(property.Key, value);
                return new JsonObject(fields);
            case "array":
                return schema["items"] is JsonObject items ? new JsonArray(Create(items, components, record, "", _ => true)) : [];
            case "integer" or "number":
                return Math.Max(1, (long?)schema["minimum"] ?? 1);
            case "boolean":
                return true;
            case null:
                return new JsonObject();
            default:
                return Text(schema, record, field);
        }
    }

    private static JsonNode Text(JsonObject schema, string record, string field) => (string?)schema["format"] switch
    {
        "uuid" => CreateId(record, field).ToString(),
        "date" => "2026-02-01",
        "date-time" => "2026-02-01T14:00:00Z",
        "email" => "somebody@general.example",
        "uri" => "https://general.example/",
        _ when schema["pattern"] is { } pattern && ((string)pattern!).StartsWith("^([01]", StringComparison.Ordinal) => "09:00:00",
        _ => CreateText(field, (int)schema["maxLength"]!),
    };

    /// <summary>Creates an id in the format of all ids, always the same for the same field of the same record.</summary>
    private static Guid CreateId(string record, string field)
    {
        var name = System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes($"{record}.{field}"));
        return Guid.Parse($"01980a3c-5d2e-7b41-9c07-{Convert.ToHexStringLower(name, 0, 6)}");
    }

    private static string CreateText(string field, int most)
    {
        var words = field.Length == 0 ? "Text" : char.ToUpperInvariant(field[0]) + field[1..].Replace('_', ' ');
        return words.Length <= most ? words : words[..most];
    }

    private static bool IsNullable(JsonObject schema) => (schema["type"] ?? schema["anyOf"]) is JsonArray;

    private static bool IsParameter(JsonObject schema) => schema["additionalProperties"] is not null;
}
