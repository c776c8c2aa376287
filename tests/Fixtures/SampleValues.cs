using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace MedCor.Tests.Fixtures;

/// <summary>
/// Provides JSON values of every kind that parameters have. A parameter's schema decides which of them are valid, so that a service's validation can be
/// compared with the published schema.
/// </summary>
internal static partial class SampleValues
{
    private const int MaxLength = 20_000;

    private static readonly string[] Texts =
    [
        "", "x", "Anna", "anna-maria_2", "😀", "Mu\u0308ller", "O'Brien, Jr.", "नमस्\u200Dते", "می\u200Cخواهم", "👩\u200D⚕️", "שלום\u200E!", "a\tb\nc",
        "Anna\n", "\tAnna", "Anna\u2028", "a@x.example\n", "-",
        // Invisible text.
        "\u00A0", "\u200B", "\uFEFF", "\u3164", "\u2800", "\u0301",
        // Characters that no text may contain.
        "a\u0000b", "a\u0001b", "a\u001Bb", "a\u007Fb", "a\u0085b", "a\u000b", "\u0085a", "a\u202Eb", "a\u2066b", "a\u2069b",
        "a@x.example", "jos\u00E9@x.example", "a@b\u00FCcher.example", "a b@c.example", "<a@x>", "Name <a@x>", "x@h.example\u200B", "a@example..com",
        "a@@b.example", ".a@x.example", "a.@x.example",
        "a@-x.example", "a@x_y.example", "\"a b\"@x.example", "a@[127.0.0.1]", "a(b)@x.example", "a@", "@x.example", $"{new string('a', 64)}@x.example",
        $"{new string('a', 65)}@x.example",
        "0198c0de-0000-7000-8000-000000000001", "0198C0DE-0000-7000-8000-000000000001", "0198c0de000070008000000000000001",
        "{0198c0de-0000-7000-8000-000000000001}", "0198c0de-0000-7000-8000-00000000000",
        "2000-02-29", "1899-12-31", "0001-01-01", "9999-12-31", "2001-02-29", "2000-2-9", "20000229", "2000-02-29T00:00:00Z", "2000-02-29T00:00:00",
        "2000-02-29T00:00:00+14:00", "2000-02-29 00:00:00Z",
        "09:00:00", "09:00", "23:59:59.9999999", "9:00", "24:00:00", "09:00:60", "09:00:00Z", "1.09:00:00", "09",
        "0", "1", "true", "null", "+1 (555) 01-02.3/4 x5", "---", "https://login.example/realms/staff",
    ];

    private static readonly string[] Others =
    [
        "null", "true", "false", "0", "1", "-1", "5", "30", "30.0", "3e1", "0.5", "36.6", "2147483647", "2147483648", "-2147483649", "9007199254740991",
        "9007199254740993", "9223372036854775808", "1e30", "1e400",
        "[]", "[null]", "[1]", "[1,1]", "[6]", "[\"Anna\"]", "[\"\"]", "[\"a\\u202eb\"]", "[{}]", "[[]]", "{}", "{\"a\":1}",
    ];

    /// <summary>Returns the values to try on a parameter, those of its own type first.</summary>
    /// <param name="schema">The schema of the parameter.</param>
    public static IEnumerable<string> ForParameter(JsonObject schema)
    {
        var words = ParameterGenerator.Values(schema).Take(2)
            .SelectMany(word => (string[])[word, $" {word}", word.ToLowerInvariant(), $"{word},{word}", $"{word}, {word}"]);
        var lengths = new[] { (int?)schema["minLength"], (int?)schema["minLength"] - 1, (int?)schema["maxLength"], (int?)schema["maxLength"] + 1 }.OfType<int>()
            .Where(length => length is > 0 and < MaxLength);
        var texts = words.Concat(Texts).Concat(lengths.SelectMany(length => (string[])[new('a', length), string.Concat(Enumerable.Repeat("😀", length))]))
            .Select(text => JsonSerializer.Serialize(text));
        var ends = new[] { schema["minimum"], schema["maximum"] }.OfType<JsonNode>()
            .SelectMany(end => (string[])[end.ToJsonString(), $"{end.ToJsonString()}.0".Replace(".0.0", ".0", StringComparison.Ordinal)]);
        var count = (int?)schema["maxItems"] is { } most and < 1000
            ? (string[])[$"[{string.Join(',', Enumerable.Repeat("\"Anna\"", most))}]", $"[{string.Join(',', Enumerable.Repeat("\"Anna\"", most + 1))}]"]
            : [];
        var others = ends.Concat(Others).Concat(count);
        return ParameterGenerator.Types(schema).Contains("string") ? texts.Concat(others) : others.Concat(texts);
    }

    /// <summary>Returns the texts to try on a query parameter: around the limits of its schema, and around the names in its pattern.</summary>
    /// <param name="schema">The schema of the parameter.</param>
    public static IEnumerable<string> ForQueryParameter(JsonObject schema)
    {
        string[] odd = ["", " ", "x", "-1", "+1", "01", "010", "1 ", "\uFF11", "0.5", "1,2", "1e400", "9223372036854775808", "null", "id,", ",id",
            "a b", "😀", "a\u0000b"];
        var ends = new[] { schema["minimum"], schema["maximum"] }.OfType<JsonNode>()
            .SelectMany(end => (string[])[$"{(long)end - 1}", $"{(long)end}", $"{(long)end + 1}"]);
        var names = Name().Matches((string?)schema["pattern"] ?? "").Select(match => match.Value).Distinct().ToArray();
        var named = names.Length == 0
            ? []
            : names.Concat([string.Join(',', names), $"{names[0]} , {names[^1]}", $"{names[0]},{names[0]}", $"{names[0]},no_such_name",
                names[0].ToUpperInvariant(), $"{names[0]};{names[^1]}", $"-{names[0]}"]);
        var lengths = (int?)schema["maxLength"] is { } most
            ? (string[])[new('a', most), new('a', most + 1), .. names.Take(1).Select(n => string.Join(',', Enumerable.Repeat(n, most)))]
            : [];
        return odd.Concat(ends).Concat(named).Concat(lengths);
    }

    [GeneratedRegex("[a-z][a-z_]+")]
    private static partial Regex Name();

    /// <summary>Returns whether a value is valid for a parameter by its schema.</summary>
    /// <param name="document">The whole schema, to resolve references.</param>
    public static bool IsValid(JsonObject document, JsonObject schema, string json) =>
        !JsonSchemaValidator.Errors(document, schema, JsonNode.Parse(json)).Any();

    /// <summary>Returns whether an error's details mention a parameter, or a part of it.</summary>
    public static bool MentionsParameter(JsonObject details, string parameter) =>
        details.Any(d => d.Value is JsonArray && (d.Key == parameter || d.Key.StartsWith($"{parameter}[", StringComparison.Ordinal)
            || d.Key.StartsWith($"{parameter}.", StringComparison.Ordinal)));
}
