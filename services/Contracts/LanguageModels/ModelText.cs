using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace MedCor.Contracts.LanguageModels;

/// <summary>
/// Writes results and errors as a model reads them, without what would only mislead it: a model reads characters that a person does not see. Stored texts and
/// other surfaces are not changed.
/// </summary>
public static partial class ModelText
{
    /// <summary>Contains what <see cref="Clean"/> looks for: the first code unit of tag characters, and characters that it escapes.</summary>
    private static readonly SearchValues<char> Suspicious = SearchValues.Create([
        '\uDB40', '\u00AD', '\u180E', '\u200B', '\uFEFF', '\u007F', .. Range('\u2060', '\u2064'),
        .. Range('\u202A', '\u202E'), .. Range('\u2066', '\u2069'), .. Range('\u0080', '\u009F'),
    ]);

    private const string RequestId = "request_id";

    /// <summary>The parameters by which a caller asks for less.</summary>
    private static readonly string[] NarrowingParameters =
        ["limit", "fields", "date_from", "date_to", "from", "to", "start_date", "end_date", "status", "search"];

    /// <summary>
    /// Returns JSON without tag characters (U+E0000 to U+E007F) and repeated variation selectors, which can carry invisible instructions, and with controls of
    /// the direction of text, invisible characters and control characters as escapes, so that a model sees them.
    /// </summary>
    public static string Clean(string json)
    {
        if (!json.AsSpan().ContainsAny(Suspicious) && !json.Contains("\\udb40", StringComparison.OrdinalIgnoreCase)) return json;
        return Characters().Replace(json, match => match.ValueSpan switch
        {
            ['\uDB40', ..] => "",
            ['\\', 'u', 'd' or 'D', ..] => "",
            ['\\', ..] => match.Value,
            [var c, ..] => string.Create(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
            _ => "",
        });
    }

    /// <summary>Returns the text of an error, which names every field with its errors, one on a line.</summary>
    public static string Describe(Problem error)
    {
        var text = new StringBuilder($"{error.Code}: {error.Message}");
        foreach (var (name, value) in error.Details)
        {
            if (name == RequestId) continue;
            if (value is JsonArray { Count: > 0 } list)
                foreach (var item in list) text.Append(CultureInfo.InvariantCulture, $"\n- {name}: {FormatDetail(item)}");
            else if (value is not null) text.Append(CultureInfo.InvariantCulture, $"\n- {name}: {FormatDetail(value)}");
        }
        if (error.RetryAfter is { } seconds) text.Append(CultureInfo.InvariantCulture, $"\nretry after {seconds} s");
        text.Append(CultureInfo.InvariantCulture, $"\nrequest_id: {FormatDetail(error.Details[RequestId])}");
        return Clean(text.ToString());
    }

    /// <summary>Returns the error of a result that is longer than a model should read at once, with the parameters by which to ask for less.</summary>
    /// <param name="length">The length of the result in bytes.</param>
    /// <param name="limit">The greatest length in bytes.</param>
    public static string DescribeTooLarge(ToolDescriptor tool, int length, int limit)
    {
        var parameters = Json.Strict.GetTypeInfo(tool.Params).Properties.Select(p => p.Name).Intersect(NarrowingParameters).ToArray();
        var advice = parameters.Length == 0 ? "" : $" Ask for less by {string.Join(", ", parameters)}.";
        return string.Create(CultureInfo.InvariantCulture, $"The result has {length} bytes, more than the {limit} that a model should read at once.{advice}");
    }

    private static string? FormatDetail(JsonNode? value) =>
        value is JsonValue text && text.TryGetValue(out string? plain) ? plain : value?.ToJsonString(Json.Options);

    private static IEnumerable<char> Range(char first, char last) => Enumerable.Range(first, last - first + 1).Select(c => (char)c);

    /// <summary>
    /// Matches a tag character as it is or escaped, a variation selector after another one, any other escape, so that an escaped backslash is not taken for
    /// one, and what is to be escaped.
    /// </summary>
    [GeneratedRegex(@"\uDB40[\uDC00-\uDC7F]|(?<=\uDB40[\uDD00-\uDDEF])\uDB40[\uDD00-\uDDEF]|\\u[dD][bB]40\\u[dD][cC][0-7][0-9a-fA-F]|\\(?s:.)"
        + @"|[\u007F-\u009F\u00AD\u180E\u200B\u2060-\u2064\uFEFF\u202A-\u202E\u2066-\u2069]")]
    private static partial Regex Characters();
}
