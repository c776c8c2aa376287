using System.Globalization;
using System.Text.RegularExpressions;

namespace MedCor.Contracts.Clinical;

/// <summary>
/// A list of texts that each name something by an http or https address, or without any scheme: who shows them as links opens nothing else. What counts as a scheme is what a browser takes for
/// one (WHATWG URL Standard): a letter, then letters, digits, <c>+</c>, <c>-</c> and <c>.</c>, then a colon. So <c>C:\scan.png</c> and <c>x-ray: front.png</c> name one, and
/// <c>Report 12:30.pdf</c> and <c>//host/scan.png</c> name none.
/// </summary>
public sealed partial class HttpLinksOrNamesAttribute : EachElementAttribute
{
    public HttpLinksOrNamesAttribute() =>
        ErrorMessage = "must be http or https addresses, or names without a scheme: no javascript:, data:, C: or other word with a colon at the beginning";

    /// <summary>What <see cref="NeutralizeScheme"/> puts before a text, in which a link opens nothing.</summary>
    public const string UnsafePrefix = "unsafe:";

    /// <summary>What each text begins with, as JSON Schema writes it.</summary>
    public const string PrefixPattern = "(?:[hH][tT][tT][pP][sS]?:|(?![A-Za-z][A-Za-z0-9+.\\-]*:))";

    /// <summary>
    /// A text from before there was a rule, as it is answered: where it names a scheme that is not taken today, <see cref="UnsafePrefix"/> stands before it, so that nobody who makes a link of it runs or opens
    /// what it names. A single letter, as in <c>C:\scan.png</c>, is a drive, and no scheme that is in use.
    /// </summary>
    public static string NeutralizeScheme(string text) => AllowedPrefix().IsMatch(WithoutInvisible(text)) || DriveLetter().IsMatch(WithoutInvisible(text)) ? text : UnsafePrefix + text;

    /// <inheritdoc/>
    protected override bool IsValidElement(string? text) => text is null || AllowedPrefix().IsMatch(WithoutInvisible(text));

    /// <summary>A text without what is not seen: browsers pass over blanks before an address and over line ends and tabs anywhere in it, and other readers over more.</summary>
    private static string WithoutInvisible(string text) =>
        string.Concat(text.Where(c => !char.IsControl(c) && CharUnicodeInfo.GetUnicodeCategory(c) is not (UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator))).TrimStart();

    [GeneratedRegex($"^{PrefixPattern}")]
    private static partial Regex AllowedPrefix();

    [GeneratedRegex("^[A-Za-z]:")]
    private static partial Regex DriveLetter();
}
