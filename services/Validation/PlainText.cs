using System.Buffers;
using System.Globalization;
using System.Text;
using ADRaffy.ENSNormalize;
using MedCor.Contracts;

namespace MedCor.Validation;

/// <summary>Normalizes every text from clients before it is checked and stored, and defines which characters the text may contain.</summary>
public static class PlainText
{
    private const int MaxCombiningMarks = 30;

    /// <summary>
    /// The forbidden characters. Controls could hide content from a reader on a terminal; overrides and isolates change the order in which text is displayed
    /// from the order in which it is searched. The marks and joiners that Arabic, Hebrew, Indic scripts and emoji need are allowed.
    /// </summary>
    private static readonly SearchValues<char> ForbiddenCharacters = SearchValues.Create(
        [.. Range(0, 0x1F).Except(['\t', '\n']), .. Range(0x7F, 0x9F), .. Range(0x202A, 0x202E), .. Range(0x2066, 0x206F)]);

    /// <summary>The characters that start a new line or column, which a single-line text must not contain.</summary>
    private static readonly SearchValues<char> LineCharacters = SearchValues.Create(['\t', '\n', '\r', '\u2028', '\u2029']);

    /// <summary>
    /// The characters that are trimmed from both ends of a text: the spaces that <see cref="TextPatterns"/> defines, without the other controls that .NET
    /// treats as white space.
    /// </summary>
    private static readonly char[] SpacesAround = ['\t', '\n', '\r', '\u2028', '\u2029', ' ', '\u00A0', '\u1680', .. Range(0x2000, 0x200A),
        '\u202F', '\u205F', '\u3000'];

    /// <summary>Characters that are letters or symbols by category but are displayed as blank.</summary>
    private static readonly SearchValues<char> BlankLetters = SearchValues.Create(['\u115F', '\u1160', '\u2800', '\u3164', '\uFFA0']);

    /// <summary>Removes the spaces and line ends around a text.</summary>
    public static string Trim(string text) => text.Trim(SpacesAround);

    /// <summary>
    /// Normalizes a single-line text: trims spaces and line ends, and converts to normalization form C. Characters that a line must not contain stay, to be
    /// rejected later.
    /// </summary>
    public static string NormalizeLine(string text) => Compose(Trim(text));

    /// <summary>
    /// Normalizes a text: trims spaces and line ends, converts line ends to line feeds, and converts to Unicode normalization form C, in which <c>ü</c> is one
    /// character however it was typed.
    /// </summary>
    public static string Normalize(string text)
    {
        text = Trim(text);
        if (text.Contains('\r')) text = text.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        return Compose(text);
    }

    /// <summary>
    /// Converts a text to normalization form C; a text with too many consecutive marks stays as it is. string.Normalize has no effect in
    /// globalization-invariant mode.
    /// </summary>
    public static string Compose(string text) => text.AsSpan().ContainsAnyExcept(AlwaysComposed) && !HasTooManyMarks(text) ? ENSNormalize.NF.NFC(text) : text;

    /// <summary>
    /// Converts a text to normalization form D, in which an accent is a separate character; a text with too many consecutive marks stays as it is.
    /// </summary>
    public static string Decompose(string text) => Ascii.IsValid(text) || HasTooManyMarks(text) ? text : ENSNormalize.NF.NFD(text);

    /// <summary>
    /// Returns whether a text has more consecutive marks than any language uses (Stream-Safe Text Format, UAX #15). The time to order marks grows with the
    /// square of their number.
    /// </summary>
    private static bool HasTooManyMarks(string text)
    {
        var marks = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            var isMark = Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark
                or UnicodeCategory.EnclosingMark;
            marks = isMark ? marks + 1 : 0;
            if (marks > MaxCombiningMarks) return true;
        }
        return false;
    }

    /// <summary>Returns the error in a normalized text; null when there is none.</summary>
    /// <param name="minLength">0 when the text may be empty.</param>
    /// <param name="isLine">Whether the text must be a single line.</param>
    public static string? FindError(string text, int minLength, bool isLine)
    {
        if (isLine && text.AsSpan().IndexOfAny(LineCharacters) is >= 0 and var end)
            return $"must be one line, without the character {FormatCodePoint(text[end])}";
        if (text.AsSpan().IndexOfAny(ForbiddenCharacters) is >= 0 and var at) return $"must not contain the character {FormatCodePoint(text[at])}";
        if (text.Length == 0) return minLength == 0 ? null : "must not be blank";
        if (HasTooManyMarks(text)) return $"must not have more than {MaxCombiningMarks} accents or other marks in a row";
        if (HasVisibleCharacter(text)) return null;
        return $"must hold a letter, a digit or a symbol, which {FormatCodePoint(text.EnumerateRunes().First().Value)} is not";
    }

    /// <summary>Returns whether a text has a visible character: a letter, a digit or a symbol.</summary>
    public static bool HasVisibleCharacter(string text)
    {
        foreach (var rune in text.EnumerateRunes())
            if (IsVisible(rune)) return true;
        return false;
    }

    /// <summary>Returns the number of characters in a text, as JSON Schema counts them: an emoji outside the basic plane counts as one.</summary>
    public static int CountCharacters(string text)
    {
        var length = 0;
        foreach (var _ in text.EnumerateRunes()) length++;
        return length;
    }

    /// <summary>Returns a code point in Unicode notation.</summary>
    private static string FormatCodePoint(int character) => $"U+{character:X4}";

    /// <summary>The characters that normalization form C never changes, which are most of the text in Latin script.</summary>
    private static readonly SearchValues<char> AlwaysComposed = SearchValues.Create([.. Range(0, 0x2FF), .. Range(0x2010, 0x205E), '€']);

    private static bool IsVisible(Rune rune) => Rune.GetUnicodeCategory(rune) switch
    {
        UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter or UnicodeCategory.ModifierLetter
            or UnicodeCategory.OtherLetter
            or UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber
            or UnicodeCategory.ConnectorPunctuation or UnicodeCategory.DashPunctuation or UnicodeCategory.OpenPunctuation or UnicodeCategory.ClosePunctuation
            or UnicodeCategory.InitialQuotePunctuation or UnicodeCategory.FinalQuotePunctuation or UnicodeCategory.OtherPunctuation
            or UnicodeCategory.MathSymbol or UnicodeCategory.CurrencySymbol or UnicodeCategory.ModifierSymbol or UnicodeCategory.OtherSymbol
            => !rune.IsBmp || !BlankLetters.Contains((char)rune.Value),
        // Includes emoji newer than the runtime's Unicode tables.
        UnicodeCategory.OtherNotAssigned => rune.Value is >= 0x1F000 and <= 0x1FBFF,
        _ => false,
    };

    private static IEnumerable<char> Range(int first, int last) => Enumerable.Range(first, last - first + 1).Select(c => (char)c);
}
