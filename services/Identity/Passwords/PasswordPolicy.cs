using MedCor.Validation;

namespace MedCor.Identity.Passwords;

/// <summary>
/// Decides which passwords are accepted, following NIST SP 800-63B-4, section 3.1.1.2: long enough, with a visible character, not known from breaches, not
/// the user's own name and not what everybody at a hospital would try first; there are no composition rules. The length is checked with the parameters.
/// </summary>
internal static class PasswordPolicy
{
    /// <summary>The minimum length of a name that a password must not contain. Shorter names are syllables of too many good passwords.</summary>
    private const int MinimumNameLength = 5;

    private const string ContainsOwnName = "must not contain the user's own name or e-mail address";

    private const string IsObvious = "must be more than a common word with digits or punctuation";

    /// <summary>The words that somebody would try first at any hospital, in the languages of the pages.</summary>
    private static readonly string[] ObviousWords =
        ["medcor", "hospital", "krankenhaus", "spring", "summer", "autumn", "fall", "winter", "fr\u00FChling", "fruehling", "sommer", "herbst"];

    /// <summary>Returns what is wrong with a password; null when nothing is.</summary>
    /// <param name="hospitalName">The name of the user's hospital; null when the user has none.</param>
    internal static string? FindError(string password, string email, string firstName, string lastName, string? hospitalName = null)
    {
        if (!PlainText.HasVisibleCharacter(password)) return "must not be blank";
        var plain = password.ToLowerInvariant();
        if (BreachedPasswords.Contains(plain)) return "is known from data breaches; choose another";
        var word = WithoutDigitsAndMarks(plain);
        if (ObviousWords.Contains(word) || (word.Length > 0 && word == WithoutDigitsAndMarks(hospitalName ?? ""))) return IsObvious;
        // An attacker would try these first.
        foreach (var name in Names(email).Concat([firstName, lastName]))
        {
            var lowerName = name.ToLowerInvariant();
            if (plain == lowerName || (lowerName.Length >= MinimumNameLength && plain.Contains(lowerName, StringComparison.Ordinal)))
                return ContainsOwnName;
        }
        var letters = Letters(password);
        return letters.Length > 0 && (letters == Letters(firstName + lastName) || letters == Letters(lastName + firstName)) ? ContainsOwnName : null;
    }

    /// <summary>Returns the letters and digits of a text, in lower case, so that separators between the parts of a name make no difference.</summary>
    private static string Letters(string text) => string.Concat(text.Where(char.IsLetterOrDigit)).ToLowerInvariant();

    private static string WithoutDigitsAndMarks(string text) => string.Concat(text.Where(char.IsLetter)).ToLowerInvariant();

    /// <summary>Returns a name or e-mail address; for an address, also the part before its @.</summary>
    private static IEnumerable<string> Names(string text) => text.IndexOf('@', StringComparison.Ordinal) is > 0 and var at ? [text, text[..at]] : [text];
}
