using System.Buffers;
using System.Globalization;
using System.Text;
using ADRaffy.ENSNormalize;
using MedCor.Contracts;

namespace MedCor.Validation;

/// <summary>What a client's text becomes before it is checked and kept, and which characters it may hold. In one place, for every text that comes in.</summary>
public static class PlainText
{
    private const int MaxCombiningMarks = 30;

    /// <summary>
    /// Controls could hide what a text says from whoever reads it on a terminal, overrides and isolates show it in another order than it is searched in.
    /// The marks and joiners that Arabic, Hebrew, Indic scripts and emoji need are not among them.
    /// </summary>
    private static readonly SearchValues<char> ForbiddenCharacters = SearchValues.Create(
        [.. Range(0, 0x1F).Except(['\t', '\n']), .. Range(0x7F, 0x9F), .. Range(0x202A, 0x202E), .. Range(0x2066, 0x206F)]);

    /// <summary>Lists the characters that begin a new line or a column, which a text of one line must not have.</summary>
    private static readonly SearchValues<char> LineCharacters = SearchValues.Create(['\t', '\n', '\r', '\u2028', '\u2029']);

    /// <summary>Lists the characters that are trimmed from both ends of a text: the spaces that <see cref="TextPatterns"/> knows, and none of the other controls that .NET takes for white space.</summary>
    private static readonly char[] SpacesAround = ['\t', '\n', '\r', '\u2028', '\u2029', ' ', '\u00A0', '\u1680', .. Range(0x2000, 0x200A), '\u202F', '\u205F', '\u3000'];

    /// <summary>Letters and symbols by their category, which are drawn as nothing.</summary>
    private static readonly SearchValues<char> BlankLetters = SearchValues.Create(['\u115F', '\u1160', '\u2800', '\u3164', '\uFFA0']);

    /// <summary>A text of one line without blanks and line ends around it, and in normalization form C. What has no place in a line stays, to be refused.</summary>
    public static string NormalizeLine(string text) => Compose(text.Trim(SpacesAround));

    /// <summary>
    /// Without blanks and line ends around it, its lines ended by a line feed alone, and in Unicode's normalization form C, in which <c>ü</c> is one character however it was typed.
    /// </summary>
    public static string Normalize(string text)
    {
        text = text.Trim(SpacesAround);
        if (text.Contains('\r')) text = text.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        return Compose(text);
    }

    /// <summary>In normalization form C alone; a text with too many marks in a row stays as it is. string.Normalize does nothing where globalization is invariant.</summary>
    public static string Compose(string text) => text.AsSpan().ContainsAnyExcept(AlwaysComposed) && !HasTooManyMarks(text) ? ENSNormalize.NF.NFC(text) : text;

    /// <summary>In normalization form D, in which an accent is a character of its own; likewise.</summary>
    public static string Decompose(string text) => Ascii.IsValid(text) || HasTooManyMarks(text) ? text : ENSNormalize.NF.NFD(text);

    /// <summary>Whether more marks stand in a row than any language writes (Stream-Safe Text Format, UAX #15). To put them in order takes time that grows with their square.</summary>
    private static bool HasTooManyMarks(string text)
    {
        var marks = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            var isMark = Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark;
            marks = isMark ? marks + 1 : 0;
            if (marks > MaxCombiningMarks) return true;
        }
        return false;
    }

    /// <summary>What is wrong with a text that has been normalized, if anything.</summary>
    /// <param name="minLength">0 if it may be empty.</param>
    /// <param name="isLine">Whether it is of one line.</param>
    public static string? FindError(string text, int minLength, bool isLine)
    {
        if (isLine && text.AsSpan().IndexOfAny(LineCharacters) is >= 0 and var end) return $"must be one line, without the character {FormatCodePoint(text[end])}";
        if (text.AsSpan().IndexOfAny(ForbiddenCharacters) is >= 0 and var at) return $"must not contain the character {FormatCodePoint(text[at])}";
        if (text.Length == 0) return minLength == 0 ? null : "must not be blank";
        if (HasTooManyMarks(text)) return $"must not have more than {MaxCombiningMarks} accents or other marks in a row";
        if (HasVisibleCharacter(text)) return null;
        return $"must hold a letter, a digit or a symbol, which {FormatCodePoint(text.EnumerateRunes().First().Value)} is not";
    }

    /// <summary>Whether there is anything to see of a text: a letter, a digit or a symbol.</summary>
    public static bool HasVisibleCharacter(string text)
    {
        foreach (var rune in text.EnumerateRunes())
            if (IsVisible(rune)) return true;
        return false;
    }

    /// <summary>How many characters a text has, as JSON Schema counts them: an emoji beyond the basic plane is one.</summary>
    public static int CountCharacters(string text)
    {
        var length = 0;
        foreach (var _ in text.EnumerateRunes()) length++;
        return length;
    }

    /// <summary>A character as Unicode names it.</summary>
    private static string FormatCodePoint(int character) => $"U+{character:X4}";

    /// <summary>What has no other form, and is most of what is written in Latin letters.</summary>
    private static readonly SearchValues<char> AlwaysComposed = SearchValues.Create([.. Range(0, 0x2FF), .. Range(0x2010, 0x205E), '€']);

    private static bool IsVisible(Rune rune) => Rune.GetUnicodeCategory(rune) switch
    {
        UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter or UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter
            or UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber
            or UnicodeCategory.ConnectorPunctuation or UnicodeCategory.DashPunctuation or UnicodeCategory.OpenPunctuation or UnicodeCategory.ClosePunctuation
            or UnicodeCategory.InitialQuotePunctuation or UnicodeCategory.FinalQuotePunctuation or UnicodeCategory.OtherPunctuation
            or UnicodeCategory.MathSymbol or UnicodeCategory.CurrencySymbol or UnicodeCategory.ModifierSymbol or UnicodeCategory.OtherSymbol
            => !rune.IsBmp || !BlankLetters.Contains((char)rune.Value),
        // Emoji newer than the runtime's tables.
        UnicodeCategory.OtherNotAssigned => rune.Value is >= 0x1F000 and <= 0x1FBFF,
        _ => false,
    };

    private static IEnumerable<char> Range(int first, int last) => Enumerable.Range(first, last - first + 1).Select(c => (char)c);
}
