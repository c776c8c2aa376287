using System.Text.Json.Nodes;

namespace MedCor.Tests.Fixtures;

/// <summary>Provides access to the values of manifests.</summary>
internal static class ManifestExtensions
{
    /// <summary>Returns the value at a path such as <c>spec.template</c>; null when the path does not exist.</summary>
    public static JsonNode? At(this JsonNode node, string path) => path.Split('.').Aggregate((JsonNode?)node, (at, name) => (at as JsonObject)?[name]);

    public static string? Text(this JsonNode node, string path) => node.At(path)?.ToString();

    public static long Number(this JsonNode node, string path) => (long?)node.At(path) ?? 0;

    public static IEnumerable<JsonObject> Items(this JsonNode node, string path) => (node.At(path) as JsonArray)?.OfType<JsonObject>() ?? [];

    public static IEnumerable<string> Texts(this JsonNode node, string path) => (node.At(path) as JsonArray)?.Select(n => n!.ToString()) ?? [];
}
