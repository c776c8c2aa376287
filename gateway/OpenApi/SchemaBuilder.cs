using System.Text.Json.Nodes;

namespace MedCor.Gateway.OpenApi;

/// <summary>Builds JSON schemas for values that have no record in the contracts.</summary>
internal static class SchemaBuilder
{
    /// <summary>A pattern that matches strings without U+0000.</summary>
    public const string NoNulPattern = "^[^\\u0000]*$";

    /// <summary>Returns the type of a schema's values, ignoring whether they can also be null.</summary>
    public static string? GetSchemaType(JsonObject schema) => (string?)(schema["type"] is JsonArray types ? types[0] : schema["type"]);

    /// <summary>Creates an object schema. All fields are required except those whose names end with <c>?</c>.</summary>
    public static JsonObject Object(string description, params (string Name, JsonObject Schema)[] fields) => new()
    {
        ["type"] = "object",
        ["description"] = description,
        ["properties"] = new JsonObject(fields.Select(f => KeyValuePair.Create(f.Name.TrimEnd('?'), (JsonNode?)f.Schema))),
        ["required"] = new JsonArray([.. fields.Where(f => !f.Name.EndsWith('?')).Select(f => (JsonNode)f.Name)]),
    };

    /// <summary>Creates an object schema that allows no additional fields.</summary>
    public static JsonObject ClosedObject(string description, params (string Name, JsonObject Schema)[] fields)
    {
        var shape = Object(description, fields);
        shape["additionalProperties"] = false;
        return shape;
    }

    /// <summary>Makes a schema also accept null.</summary>
    public static JsonObject Nullable(JsonObject schema)
    {
        schema["type"] = new JsonArray((string)schema["type"]!, "null");
        return schema;
    }

    /// <summary>Creates the schema of an object with any fields.</summary>
    public static JsonObject AnyObject(string description) => new() { ["type"] = "object", ["description"] = description };

    public static JsonObject Text(int most, string? description = null) =>
        WithDescription(new() { ["type"] = "string", ["maxLength"] = most, ["pattern"] = NoNulPattern }, description);

    /// <summary>Creates the schema of a comma-separated list of the given names.</summary>
    public static JsonObject CommaSeparatedNames(IEnumerable<string> names, int most)
    {
        var one = $" *(?:{string.Join('|', names)}) *";
        return new() { ["type"] = "string", ["maxLength"] = most, ["pattern"] = $"^{one}(?:,{one})*$" };
    }

    public static JsonObject EnumOf(string? description, params string[] choices) =>
        WithDescription(new() { ["type"] = "string", ["enum"] = new JsonArray([.. choices.Select(c => (JsonNode)c)]) }, description);

    public static JsonObject Uuid(string? description = null) =>
        WithDescription(new() { ["type"] = "string", ["format"] = "uuid", ["maxLength"] = 36 }, description);

    public static JsonObject Uri(string? description = null) =>
        WithDescription(new() { ["type"] = "string", ["format"] = "uri", ["maxLength"] = 2000 }, description);

    public static JsonObject DateTime(string? description = null) =>
        WithDescription(new() { ["type"] = "string", ["format"] = "date-time", ["maxLength"] = 27 }, description);

    public static JsonObject Integer(int least, int most, string? description = null) =>
        WithDescription(new() { ["type"] = "integer", ["format"] = "int32", ["minimum"] = least, ["maximum"] = most }, description);

    public static JsonObject Boolean(string? description = null) => WithDescription(new() { ["type"] = "boolean" }, description);

    public static JsonObject ArrayOf(JsonObject of, int most, string? description = null) =>
        WithDescription(new() { ["type"] = "array", ["items"] = of, ["maxItems"] = most }, description);

    /// <summary>Creates a schema that matches exactly one of the given schemas.</summary>
    public static JsonObject OneOf(params JsonObject[] schemas) => new() { ["oneOf"] = new JsonArray([.. schemas]) };

    private static JsonObject WithDescription(JsonObject schema, string? description)
    {
        if (description is not null) schema["description"] = description;
        return schema;
    }
}
