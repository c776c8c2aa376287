using System.Text.Json;
using System.Text.Json.Nodes;
using MedCor.Contracts;

namespace MedCor.Validation;

/// <summary>Compares what a client sent with what the client read before, to find the unchanged values.</summary>
internal readonly struct UnchangedValues(JsonNode? sent, JsonNode? current)
{
    /// <summary>The maximum length of a list whose entries are compared. No parameter accepts longer lists.</summary>
    private const int MaxComparedEntries = 1000;

    /// <param name="json">The input, which has already been parsed as JSON once.</param>
    internal static UnchangedValues Compare(ReadOnlyMemory<byte> json, object current) =>
        new(JsonNode.Parse(json.Span), JsonSerializer.SerializeToNode(current, current.GetType(), Json.Options));

    /// <summary>Gets whether the whole value is unchanged.</summary>
    internal bool IsWhole => sent is not null && IsSame(sent, current);

    internal UnchangedValues ForField(string field) => new((sent as JsonObject)?[field], (current as JsonObject)?[field]);

    /// <summary>Returns whether an entry of a list was among the entries that the client read.</summary>
    internal bool Contains(int entry) =>
        sent is JsonArray given && current is JsonArray known && entry < given.Count && given.Count <= MaxComparedEntries
        && known.Any(text => IsSame(given[entry], text));

    /// <summary>Returns whether an entry of a list occurs no more often, up to its position, than in what the client read.</summary>
    internal bool HasRepeat(int entry) => Contains(entry) && sent is JsonArray given && ((JsonArray)current!) is var known
        && given.Take(entry + 1).Count(text => IsSame(text, given[entry])) <= known.Count(text => IsSame(given[entry], text));

    /// <summary>Returns a list of texts without its unchanged entries.</summary>
    internal object? Except(object? list)
    {
        var unchanged = this;
        return current is JsonArray && list is IEnumerable<string?> texts ? texts.Where((_, i) => !unchanged.Contains(i)).ToArray() : list;
    }

    /// <summary>Compares only the fields of an object that were sent, because what a client reads has more fields than it sends back.</summary>
    private static bool IsSame(JsonNode? sent, JsonNode? current) => (sent, current) switch
    {
        (JsonObject given, JsonObject known) => given.All(field => known.TryGetPropertyValue(field.Key, out var value) && IsSame(field.Value, value)),
        (JsonArray given, JsonArray known) => given.Count == known.Count && given.Zip(known).All(pair => IsSame(pair.First, pair.Second)),
        _ => JsonNode.DeepEquals(sent, current),
    };
}
