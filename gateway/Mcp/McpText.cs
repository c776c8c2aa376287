using System.Buffers;
using System.Globalization;
using System.Text.RegularExpressions;

namespace MedCor.Gateway.Mcp;

/// <summary>
/// Makes texts of results safe for a model, which reads characters that a person does not see. Stored texts and other surfaces are not changed.
/// </summary>
internal static partial class McpText
{
    /// <summary>Contains what <see cref="Clean"/> looks for: the first code unit of tag characters, and characters that it escapes.</summary>
    private static readonly SearchValues<char> Suspicious = SearchValues.Create([
        '\uDB40', '\u200B', '\u2060', '\uFEFF', '\u007F',
        .. Range('\u202A', '\u202E'), .. Range('\u2066', '\u2069'), .. Range('\u0080', '\u009F'),
    ]);

    /// <summary>
    /// Returns JSON without tag characters (U+E0000 to U+E007F), which can carry invisible instructions, and with controls of the direction of text, invisible
    /// spaces and control characters as escapes, so that a model sees them.
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

    private static IEnumerable<char> Range(char first, char last) => Enumerable.Range(first, last - first + 1).Select(c => (char)c);

    /// <summary>
    /// Matches a tag character as it is or escaped, any other escape, so that an escaped backslash is not taken for one, and what is to be escaped.
    /// </summary>
    [GeneratedRegex(@"\uDB40[\uDC00-\uDC7F]|\\u[dD][bB]40\\u[dD][cC][0-7][0-9a-fA-F]|\\(?s:.)|[\u007F-\u009F\u200B\u2060\uFEFF\u202A-\u202E\u2066-\u2069]")]
    private static partial Regex Characters();
}
