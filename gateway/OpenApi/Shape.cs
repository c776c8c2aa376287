using System.Text.Json.Nodes;

namespace MedCor.Gateway.OpenApi;

/// <summary>Schemas of what no record of the contracts describes.</summary>
internal static class Shape
{
    /// <summary>The pattern of a text without U+0000.</summary>
    public const string NoNul = "^[^\\u0000]*$";

    /// <summary>The type of a schema's values, whether or not null is one of them too.</summary>
    public static string? Kind(JsonObject schema) => (string?)(schema["type"] is JsonArray types ? types[0] : schema["type"]);

    /// <summary>An object of which every field is always there, save those whose name ends with <c>?</c>.</summary>
    public static JsonObject Object(string description, params (string Name, JsonObject Schema)[] fields) => new()
    {
        ["type"] = "object",
        ["description"] = description,
        ["properties"] = new JsonObject(fields.Select(f => KeyValuePair.Create(f.Name.TrimEnd('?'), (JsonNode?)f.Schema))),
        ["required"] = new JsonArray([.. fields.Where(f => !f.Name.EndsWith('?')).Select(f => (JsonNode)f.Name)]),
    };

    /// <summary>An object that takes no other fields than these.</summary>
    public static JsonObject Closed(string description, params (string Name, JsonObject Schema)[] fields)
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
    public static JsonObject Anything(string description) => new() { ["type"] = "object", ["description"] = description };

    public static JsonObject Text(int most, string? description = null) => Described(new() { ["type"] = "string", ["maxLength"] = most, ["pattern"] = NoNul }, description);

    /// <summary>Some of these names, separated by commas.</summary>
    public static JsonObject Names(IEnumerable<string> names, int most)
    {
        var one = $" *(?:{string.Join('|', names)}) *";
        return new() { ["type"] = "string", ["maxLength"] = most, ["pattern"] = $"^{one}(?:,{one})*$" };
    }

    public static JsonObject Choice(string? description, params string[] choices) => Described(new() { ["type"] = "string", ["enum"] = new JsonArray([.. choices.Select(c => (JsonNode)c)]) }, description);

    public static JsonObject Id(string? description = null) => Described(new() { ["type"] = "string", ["format"] = "uuid", ["maxLength"] = 36 }, description);

    public static JsonObject Address(string? description = null) => Described(new() { ["type"] = "string", ["format"] = "uri", ["maxLength"] = 2000 }, description);

    public static JsonObject Instant(string? description = null) => Described(new() { ["type"] = "string", ["format"] = "date-time", ["maxLength"] = 27 }, description);

    public static JsonObject Integer(int least, int most, string? description = null) =>
        Described(new() { ["type"] = "integer", ["format"] = "int32", ["minimum"] = least, ["maximum"] = most }, description);

    public static JsonObject Flag(string? description = null) => Described(new() { ["type"] = "boolean" }, description);

    public static JsonObject List(JsonObject of, int most, string? description = null) => Described(new() { ["type"] = "array", ["items"] = of, ["maxItems"] = most }, description);

    /// <summary>One of several.</summary>
    public static JsonObject Either(params JsonObject[] schemas) => new() { ["oneOf"] = new JsonArray([.. schemas]) };

    private static JsonObject Described(JsonObject schema, string? description)
    {
        if (description is not null) schema["description"] = description;
        return schema;
    }
}
