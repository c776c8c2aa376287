using System.Globalization;
using System.Net.Mail;
using System.Text;
using MedCor.Contracts;

namespace MedCor.Validation;

/// <summary>
/// Validates and normalizes e-mail addresses: an <c>addr-spec</c> of RFC 5322 with nothing around it, and possibly an internationalized domain.
/// </summary>
public static class EmailAddresses
{
    private const int MaxLocalPartLength = 64;

    private static readonly IdnMapping Idn = new() { UseStd3AsciiRules = true };

    /// <summary>
    /// Returns the canonical form of an address; null when the text is not an address. The domain is in lower case and in Unicode, <c>bücher.example</c> for
    /// <c>xn--bcher-kva.example</c>. Display names, comments, quoted local parts and domain literals are not accepted.
    /// </summary>
    public static string? Canonicalize(string text)
    {
        text = PlainText.Normalize(text);
        // The parser skips display names and comments, so its result then differs from its input.
        if (!MailAddress.TryCreate(text, out var parsed) || parsed.Address != text) return null;
        if (parsed.User[0] == '"' || parsed.User[^1] == '.' || text.EnumerateRunes().Any(IsInvisible)) return null;
        try
        {
            var ascii = Idn.GetAscii(parsed.Host.ToLowerInvariant());
            var domain = Idn.GetUnicode(ascii);
            return ascii[^1] != '.' && PlainText.Normalize(domain) == domain && domain.EnumerateRunes().All(IsDomainCharacter)
                ? $"{parsed.User}@{domain}"
                : null;
        }
        catch (ArgumentException) // not a host name, or invalid punycode
        {
            return null;
        }
    }

    /// <summary>
    /// Returns whether an account can be created with an address. Older accounts may have a local part longer than <see cref="TextPatterns.EmailAddress"/>
    /// allows.
    /// </summary>
    public static bool IsAcceptable(string text) =>
        Canonicalize(text) is { } address && PlainText.CountCharacters(address[..address.LastIndexOf('@')]) <= MaxLocalPartLength;

    /// <summary>
    /// Returns the key by which addresses are compared: the canonical form in lower case. A text that is not an address is compared as it is.
    /// </summary>
    public static string GetLookupKey(string text) => (Canonicalize(text) ?? text.Trim()).ToLowerInvariant();

    /// <summary>
    /// Returns every key under which an account may be stored, the current one first: before the canonical form existed, accents and domains were stored as
    /// they were typed.
    /// </summary>
    public static IReadOnlyList<string> GetLookupKeys(string text)
    {
        var key = GetLookupKey(text);
        if (Canonicalize(text) is null || Ascii.IsValid(key) || key.LastIndexOf('@') is not (> 0 and var at)) return [key];
        var (user, domain) = (key[..at], key[(at + 1)..]);
        var domains = (string[])[domain, PlainText.Decompose(domain), Ascii.IsValid(domain) ? domain : Idn.GetAscii(domain)];
        return [.. from d in domains from u in (string[])[user, PlainText.Decompose(user)] select $"{u}@{d}"];
    }

    /// <summary>
    /// Returns whether a domain may contain a character: letters, marks and digits (RFC 5892), except presentation variants such as full-width and mathematical
    /// letters.
    /// </summary>
    private static bool IsDomainCharacter(Rune rune) => rune.Value is '-' or '.'
        || (Rune.GetUnicodeCategory(rune) is UnicodeCategory.LowercaseLetter or UnicodeCategory.OtherLetter or UnicodeCategory.ModifierLetter
            or UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.DecimalDigitNumber
            && rune.Value is not (>= 0xFF00 and <= 0xFFEF or >= 0x1D400 and <= 0x1D7FF));

    private static bool IsInvisible(Rune rune) =>
        Rune.IsWhiteSpace(rune)
        || Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.OtherNotAssigned or UnicodeCategory.PrivateUse;
}
