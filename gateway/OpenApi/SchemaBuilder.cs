using System.Text.Json.Nodes;

namespace MedCor.Gateway.OpenApi;

/// <summary>Schemas of what no record of the contracts describes.</summary>
internal static class SchemaBuilder
{
    /// <summary>The pattern of a text without U+0000.</summary>
    public const string NoNulPattern = "^[^\\u0000]*$";

    /// <summary>The type of a schema's values, whether or not null is one of them too.</summary>
    public static string? GetSchemaType(JsonObject schema) => (string?)(schema["type"] is JsonArray types ? types[0] : schema["type"]);

    /// <summary>An object of which every field is always there, save those whose name ends with <c>?</c>.</summary>
    public static JsonObject Object(string description, params (string Name, JsonObject Schema)[] fields) => new()
    {
        ["type"] = "object",
        ["description"] = description,
        ["properties"] = new JsonObject(fields.Select(f => KeyValuePair.Create(f.Name.TrimEnd('?'), (JsonNode?)f.Schema))),
        ["required"] = new JsonArray([.. fields.Where(f => !f.Name.EndsWith('?')).Select(f => (JsonNode)f.Name)]),
    };

    /// <summary>An object that takes no other fields than these.</summary>
    public static JsonObject ClosedObject(string description, params (string Name, JsonObject Schema)[] fields)
    {
        var shape = Object(description, fields);
        shape["additionalProperties"] = false;
        return shape;
    }

    /// <summary>The same, or null.</summary>
    public static JsonObject Nullable(JsonObject schema)
    {
        schema["type"] = new JsonArray((string)schema["type"]!, "null");
        return schema;
    }

    /// <summary>An object of whatever fields.</summary>
    public static JsonObject AnyObject(string description) => new() { ["type"] = "object", ["description"] = description };

    public static JsonObject Text(int most, string? description = null) => WithDescription(new() { ["type"] = "string", ["maxLength"] = most, ["pattern"] = NoNulPattern }, description);

    /// <summary>Some of these names, separated by commas.</summary>
    public static JsonObject CommaSeparatedNames(IEnumerable<string> names, int most)
    {
        var one = $" *(?:{string.Join('|', names)}) *";
        return new() { ["type"] = "string", ["maxLength"] = most, ["pattern"] = $"^{one}(?:,{one})*$" };
    }

    public static JsonObject EnumOf(string? description, params string[] choices) => WithDescription(new() { ["type"] = "string", ["enum"] = new JsonArray([.. choices.Select(c => (JsonNode)c)]) }, description);

    public static JsonObject Uuid(string? description = null) => WithDescription(new() { ["type"] = "string", ["format"] = "uuid", ["maxLength"] = 36 }, description);

    public static JsonObject Uri(string? description = null) => WithDescription(new() { ["type"] = "string", ["format"] = "uri", ["maxLength"] = 2000 }, description);

    public static JsonObject DateTime(string? description = null) => WithDescription(new() { ["type"] = "string", ["format"] = "date-time", ["maxLength"] = 27 }, description);

    public static JsonObject Integer(int least, int most, string? description = null) =>
        WithDescription(new() { ["type"] = "integer", ["format"] = "int32", ["minimum"] = least, ["maximum"] = most }, description);

    public static JsonObject Boolean(string? description = null) => WithDescription(new() { ["type"] = "boolean" }, description);

    public static JsonObject ArrayOf(JsonObject of, int most, string? description = null) => WithDescription(new() { ["type"] = "array", ["items"] = of, ["maxItems"] = most }, description);

    /// <summary>One of several.</summary>
    public static JsonObject OneOf(params JsonObject[] schemas) => new() { ["oneOf"] = new JsonArray([.. schemas]) };

    private static JsonObject WithDescription(JsonObject schema, string? description)
    {
        if (description is not null) schema["description"] = description;
        return schema;
    }
}
