using System.Text.Json;
using System.Text.Json.Nodes;

namespace MedCor.Gateway.OpenApi;

/// <summary>Writes schemas so that what generates clients from them, such as openapi-typescript, makes of them the types that are meant.</summary>
internal static class ClientGeneratorTransformer
{
    /// <summary>Where values stand, and not schemas.</summary>
    private static readonly string[] Values = ["example", "examples", "value"];

    /// <summary>
    /// Moves every default into its field's description: generators take a field that has one for a field that is always there, and then want it to be sent. And says of an object without
    /// named fields that it has any: they take it for an empty one.
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
        if (IsObject(at["type"]) && at["properties"] is null) at.TryAdd("additionalProperties", true);
    }

    private static void MoveDefault(JsonNode? schema)
    {
        if (schema is not JsonObject at || !at.ContainsKey("default")) return;
        var usual = at["default"];
        at.Remove("default");
        if (usual is not null) at["description"] = $"{(string?)at["description"]} Default: {(usual.GetValueKind() == JsonValueKind.String ? (string?)usual : usual.ToJsonString())}.".TrimStart();
    }

    private static bool IsObject(JsonNode? type) => type switch
    {
        JsonArray either => either.Any(t => (string?)t == "object"),
        JsonValue one => one.TryGetValue<string>(out var only) && only == "object",
        _ => false,
    };
}
