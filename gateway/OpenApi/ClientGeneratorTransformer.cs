using System.Text.Json;
using System.Text.Json.Nodes;

namespace MedCor.Gateway.OpenApi;

/// <summary>Transforms schemas so that client generators such as openapi-typescript derive the intended types from them.</summary>
internal static class ClientGeneratorTransformer
{
    /// <summary>The properties that contain example values rather than schemas.</summary>
    private static readonly string[] Values = ["example", "examples", "value"];

    /// <summary>
    /// Moves every default value into the description of its field: generators treat a field with a default as always present, and then require clients to
    /// send it. Also sets <c>additionalProperties</c> on an object without named fields, which generators otherwise treat as an empty object.
    /// </summary>
    public static void Transform(JsonNode? node)
    {
        if (node is JsonArray list)
            foreach (var item in list) Transform(item);
        if (node is not JsonObject at) return;

        foreach (var (name, part) in at.ToArray())
        {
            if (Values.Contains(name)) continue;
            if (name != "properties" || part is not JsonObject fields)
            {
                Transform(part);
                continue;
            }
            foreach (var (_, field) in fields)
            {
                MoveDefault(field);
                Transform(field);
            }
        }
        if (IsObject(at["type"]) && at["properties"] is null) at.TryAdd("additionalProperties", new JsonObject());
    }

    private static void MoveDefault(JsonNode? schema)
    {
        if (schema is not JsonObject at || !at.ContainsKey("default")) return;
        var usual = at["default"];
        at.Remove("default");
        if (usual is not null)
            at["description"] =
                $"{(string?)at["description"]} Default: {(usual.GetValueKind() == JsonValueKind.String ? (string?)usual : usual.ToJsonString())}.".TrimStart();
    }

    private static bool IsObject(JsonNode? type) => type switch
    {
        JsonArray either => either.Any(t => (string?)t == "object"),
        JsonValue one => one.TryGetValue<string>(out var only) && only == "object",
        _ => false,
    };
}
