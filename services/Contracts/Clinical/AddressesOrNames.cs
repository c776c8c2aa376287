using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Text.RegularExpressions;

namespace MedCor.Contracts.Clinical;

/// <summary>
/// A list of texts that each name something by an http or https address, or without any scheme: who shows them as links opens nothing else. What counts as a scheme is what a browser takes for
/// one (WHATWG URL Standard): a letter, then letters, digits, <c>+</c>, <c>-</c> and <c>.</c>, then a colon. So <c>C:\scan.png</c> and <c>x-ray: front.png</c> name one, and
/// <c>Report 12:30.pdf</c> and <c>//host/scan.png</c> name none.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed partial class AddressesOrNamesAttribute() : ValidationAttribute(
    "must be http or https addresses, or names without a scheme: no javascript:, data:, C: or other word with a colon at the beginning")
{
    /// <summary>What each text begins with, as JSON Schema writes it.</summary>
    public const string Beginning = "(?:[hH][tT][tT][pP][sS]?:|(?![A-Za-z][A-Za-z0-9+.\\-]*:))";

    /// <inheritdoc/>
    public override bool IsValid(object? value) => value is not IEnumerable<string?> texts || texts.All(text => text is null || Allowed().IsMatch(AsRead(text)));

    /// <summary>A text without what is not seen: browsers pass over blanks before an address and over line ends and tabs anywhere in it, and other readers over more.</summary>
    private static string AsRead(string text) =>
        string.Concat(text.Where(c => !char.IsControl(c) && CharUnicodeInfo.GetUnicodeCategory(c) is not (UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator))).TrimStart();

    [GeneratedRegex($"^{Beginning}")]
    private static partial Regex Allowed();
}
