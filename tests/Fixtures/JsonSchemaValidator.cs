using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace MedCor.Tests.Fixtures;

/// <summary>Validates values against JSON Schema 2020-12, as far as MedCor uses it. An unknown keyword is an error.</summary>
internal static partial class JsonSchemaValidator
{
    /// <summary>Returns the errors of a value.</summary>
    public static IEnumerable<string> Errors(JsonNode document, JsonNode schema, JsonNode? value, string at = "") =>
        schema.AsObject().SelectMany(keyword => Errors(document, schema, keyword.Key, keyword.Value!, value, at));

    /// <summary>Resolves a reference; returns null when its target does not exist.</summary>
    public static JsonNode? Resolve(JsonNode document, string reference) =>
        reference.Split('/').Skip(1).Aggregate((JsonNode?)document, (node, step) => node?[step.Replace("~1", "/", StringComparison.Ordinal)]);

    private static IEnumerable<string> Errors(JsonNode document, JsonNode schema, string keyword, JsonNode? rule, JsonNode? value, string at) => keyword switch
    {
        "$schema" or "description" or "default" or "examples" or "contentMediaType" or "contentSchema" => [],
        "$ref" => Errors(document, Resolve(document, (string)rule!)!, value, at),
        "allOf" => rule!.AsArray().SelectMany(part => Errors(document, part!, value, at)),
        "anyOf" => Check(rule!.AsArray().Any(part => !Errors(document, part!, value).Any())),
        "oneOf" => Check(rule!.AsArray().Count(part => !Errors(document, part!, value).Any()) == 1),
        "type" => Check((rule is JsonArray many ? many.Select(t => (string)t!) : [(string)rule!]).Any(type => Is(type, value))),
        "enum" => Check(rule!.AsArray().Any(choice => JsonNode.DeepEquals(choice, value))),
        "properties" when value is JsonObject fields =>
            fields.SelectMany(f => rule![f.Key] is { } part ? Errors(document, part, f.Value, $"{at}/{f.Key}") : []),
        "required" when value is JsonObject fields => Check(rule!.AsArray().All(name => fields.ContainsKey((string)name!))),
        "additionalProperties" when value is JsonObject fields =>
            Check(rule is JsonObject || (bool)rule! || fields.All(f => schema["properties"]?[f.Key] is not null)),
        "items" when value is JsonArray list => list.SelectMany((item, i) => Errors(document, rule!, item, $"{at}/{i}")),
        "minItems" when value is JsonArray list => Check(list.Count >= (int)rule!),
        "maxItems" when value is JsonArray list => Check(list.Count <= (int)rule!),
        "uniqueItems" when value is JsonArray list => Check(list.Select(item => item?.ToJsonString()).Distinct().Count() == list.Count),
        "minLength" when Text(value) is { } text => Check(text.EnumerateRunes().Count() >= (int)rule!),
        "maxLength" when Text(value) is { } text => Check(text.EnumerateRunes().Count() <= (int)rule!),
        "pattern" when Text(value) is { } text => Check(Regex.IsMatch(text, AnchorAtEnd((string)rule!))),
        "format" when Text(value) is { } text => Check(MatchesFormat((string)rule!, text)),
        "minimum" when value is JsonValue && Is("number", value) => Check(Number(value) >= Number(rule!)),
        "maximum" when value is JsonValue && Is("number", value) => Check(Number(value) <= Number(rule!)),
        "properties" or "required" or "additionalProperties" or "items" or "minItems" or "maxItems" or "uniqueItems" or "minLength" or "maxLength" or "pattern"
            or "format" or "minimum" or "maximum" => [],
        _ => [$"{at}: {keyword} is not known here"],
    } is var found ? found.Select(wrong => wrong.Length > 0 ? wrong : $"{at}: {keyword} {rule?.ToJsonString()} is broken by {value?.ToJsonString()}") : [];

    /// <summary>Anchors a pattern at the end of the text, as <c>$</c> does in ECMAScript; in .NET it also matches before a final line end.</summary>
    private static string AnchorAtEnd(string pattern) => pattern.EndsWith('$') ? pattern[..^1] + "\\z" : pattern;

    private static double Number(JsonNode number) => double.Parse(number.ToJsonString(), System.Globalization.CultureInfo.InvariantCulture);

    private static IEnumerable<string> Check(bool holds) => holds ? [] : [""];

    private static string? Text(JsonNode? value) => value?.GetValueKind() == JsonValueKind.String ? (string?)value : null;

    private static bool Is(string type, JsonNode? value) => (type, value?.GetValueKind() ?? JsonValueKind.Null) is
        ("null", JsonValueKind.Null) or ("object", JsonValueKind.Object) or ("array", JsonValueKind.Array) or ("string", JsonValueKind.String)
        or ("number", JsonValueKind.Number)
        or ("boolean", JsonValueKind.True or JsonValueKind.False)
        || type == "integer" && value?.GetValueKind() == JsonValueKind.Number && double.IsInteger(Number(value));

    private static bool MatchesFormat(string format, string text) => format switch
    {
        "uuid" => Guid.TryParseExact(text, "D", out _),
        "date" => DateOnly.TryParseExact(text, "yyyy-MM-dd", out _),
        "date-time" => Instant().IsMatch(text) && DateTimeOffset.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out _),
        "uri" => Uri.TryCreate(text, UriKind.Absolute, out _),
        // Surrounding whitespace is trimmed, which the format cannot express.
        "email" => Email().IsMatch(text.Trim(' ', '\t', '\n', '\r')),
        _ => false,
    };

    [GeneratedRegex("[0-9]T[0-9:.]+(Z|[+-][0-9]{2}:[0-9]{2})$")]
    private static partial Regex Instant();

    /// <summary>Matches a dot-atom, an @, and the labels of a host.</summary>
    [GeneratedRegex(
        @"^[^\s\p{C}@.""(),:;<>\[\\\]]+(\.[^\s\p{C}@.""(),:;<>\[\\\]]+)*"
            + @"@[\p{L}\p{M}\p{N}](-*[\p{L}\p{M}\p{N}])*(\.[\p{L}\p{M}\p{N}](-*[\p{L}\p{M}\p{N}])*)*\z")]
    private static partial Regex Email();
}
