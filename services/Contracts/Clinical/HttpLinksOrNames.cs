using System.Globalization;
using System.Text.RegularExpressions;

namespace MedCor.Contracts.Clinical;

/// <summary>
/// Allows only texts that are http or https addresses, or names without a scheme, so that a client that shows them as links opens nothing else. A scheme is
/// what a browser takes for one (WHATWG URL Standard): a letter, then letters, digits, <c>+</c>, <c>-</c> and <c>.</c>, then a colon. So <c>C:\scan.png</c> and
/// <c>x-ray: front.png</c> have one, and <c>Report 12:30.pdf</c> and <c>//host/scan.png</c> have none.
/// </summary>
public sealed partial class HttpLinksOrNamesAttribute : EachElementAttribute
{
    public HttpLinksOrNamesAttribute() =>
        ErrorMessage = "must be http or https addresses, or names without a scheme: no javascript:, data:, C: or other word with a colon at the beginning";

    /// <summary>The prefix that <see cref="NeutralizeScheme"/> adds to a text; a link that begins with it opens nothing.</summary>
    public const string UnsafePrefix = "unsafe:";

    /// <summary>The pattern of the beginning of each allowed text, in the syntax of JSON Schema.</summary>
    public const string PrefixPattern = "(?:[hH][tT][tT][pP][sS]?:|(?![A-Za-z][A-Za-z0-9+.\\-]*:))";

    /// <summary>
    /// Returns a stored text as it may be shown. A text that is older than the rule and has a scheme that is no longer allowed gets the prefix
    /// <see cref="UnsafePrefix"/>, so that a client that makes a link of it neither runs nor opens it. A single letter, as in <c>C:\scan.png</c>, is a drive
    /// and not a scheme in use.
    /// </summary>
    public static string NeutralizeScheme(string text) =>
        AllowedPrefix().IsMatch(WithoutInvisible(text)) || DriveLetter().IsMatch(WithoutInvisible(text)) ? text : UnsafePrefix + text;

    /// <inheritdoc/>
    protected override bool IsValidElement(string? text) => text is null || AllowedPrefix().IsMatch(WithoutInvisible(text));

    /// <summary>
    /// Removes invisible characters from a text: browsers ignore blanks before an address and line ends and tabs anywhere in it, and other readers ignore more.
    /// </summary>
    private static string WithoutInvisible(string text) =>
        string.Concat(text.Where(c => !char.IsControl(c)
            && CharUnicodeInfo.GetUnicodeCategory(c) is not (UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator)))
            .TrimStart();

    [GeneratedRegex($"^{PrefixPattern}")]
    private static partial Regex AllowedPrefix();

    [GeneratedRegex("^[A-Za-z]:")]
    private static partial Regex DriveLetter();
}
