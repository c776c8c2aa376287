using System.Globalization;
using System.Net.Mail;
using System.Text;
using MedCor.Contracts;

namespace MedCor.Validation;

/// <summary>E-mail addresses as they are read, kept and compared: an <c>addr-spec</c> of RFC 5322 and nothing around it, of which the domain may be international.</summary>
public static class EmailAddresses
{
    private const int MaxLocalPartLength = 64;

    private static readonly IdnMapping Idn = new() { UseStd3AsciiRules = true };

    /// <summary>
    /// The form in which an address is kept; null when it is none. A domain is kept in lower case and in its own letters, <c>bücher.example</c> for
    /// <c>xn--bcher-kva.example</c>. Names, comments, quoted local parts and domain literals are not taken.
    /// </summary>
    public static string? Canonicalize(string text)
    {
        text = PlainText.Normalize(text);
        // The parser passes over names and comments, so that what it returns differs from what it was given.
        if (!MailAddress.TryCreate(text, out var parsed) || parsed.Address != text) return null;
        if (parsed.User[0] == '"' || parsed.User[^1] == '.' || text.EnumerateRunes().Any(IsInvisible)) return null;
        try
        {
            var ascii = Idn.GetAscii(parsed.Host.ToLowerInvariant());
            var domain = Idn.GetUnicode(ascii);
            return ascii[^1] != '.' && PlainText.Normalize(domain) == domain && domain.EnumerateRunes().All(IsDomainCharacter) ? $"{parsed.User}@{domain}" : null;
        }
        catch (ArgumentException) // no host name, or punycode that stands for nothing
        {
            return null;
        }
    }

    /// <summary>Returns whether an account can be opened with an address. Older ones may have more before their @ than <see cref="TextPatterns.EmailAddress"/> says.</summary>
    public static bool IsAcceptable(string text) => Canonicalize(text) is { } address && PlainText.CountCharacters(address[..address.LastIndexOf('@')]) <= MaxLocalPartLength;

    /// <summary>What an address is compared by, its canonical form in lower case. What is no address is compared as it stands.</summary>
    public static string GetLookupKey(string text) => (Canonicalize(text) ?? text.Trim()).ToLowerInvariant();

    /// <summary>
    /// Every key under which an account may have been kept, the one of today first: before there was a canonical form, accents and domains were kept as they were typed.
    /// </summary>
    public static IReadOnlyList<string> GetLookupKeys(string text)
    {
        var key = GetLookupKey(text);
        if (Canonicalize(text) is null || Ascii.IsValid(key) || key.LastIndexOf('@') is not (> 0 and var at)) return [key];
        var (user, domain) = (key[..at], key[(at + 1)..]);
        var domains = (string[])[domain, PlainText.Decompose(domain), Ascii.IsValid(domain) ? domain : Idn.GetAscii(domain)];
        return [.. from d in domains from u in (string[])[user, PlainText.Decompose(user)] select $"{u}@{d}"];
    }

    /// <summary>RFC 5892: letters, their marks and digits; and none that only looks another way, as full-width and mathematical letters do.</summary>
    private static bool IsDomainCharacter(Rune rune) => rune.Value is '-' or '.'
        || (Rune.GetUnicodeCategory(rune) is UnicodeCategory.LowercaseLetter or UnicodeCategory.OtherLetter or UnicodeCategory.ModifierLetter or UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.DecimalDigitNumber
            && rune.Value is not (>= 0xFF00 and <= 0xFFEF or >= 0x1D400 and <= 0x1D7FF));

    private static bool IsInvisible(Rune rune) => Rune.IsWhiteSpace(rune) || Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.OtherNotAssigned or UnicodeCategory.PrivateUse;
}
