using System.Collections.Frozen;
using MedCor.Validation;

namespace MedCor.Identity.Passwords;

/// <summary>
/// Which passwords are accepted, by NIST SP 800-63B-4, section 3.1.1.2: long enough, something to see, not known from breaches, not the person's own name;
/// no rules about what they are composed of. The length is checked with the parameters.
/// </summary>
internal static class PasswordPolicy
{
    /// <summary>Shorter names are syllables of too many good passwords.</summary>
    private const int MinimumNameLength = 5;

    private const string ContainsOwnName = "must not contain the user's own name or e-mail address";

    private static readonly Lazy<FrozenSet<string>> Breached = new(Read);

    /// <summary>What is wrong with a password, if anything.</summary>
    internal static string? FindError(string password, string email, string firstName, string lastName)
    {
        if (!PlainText.HasVisibleCharacter(password)) return "must not be blank";
        var plain = password.ToLowerInvariant();
        if (Breached.Value.Contains(plain)) return "is known from breaches of other sites; choose another";
        // What an attacker would try first.
        foreach (var name in Names(email).Concat([firstName, lastName]))
        {
            var told = name.ToLowerInvariant();
            if (plain == told || (told.Length >= MinimumNameLength && plain.Contains(told, StringComparison.Ordinal)))
                return ContainsOwnName;
        }
        var letters = Letters(password);
        return letters.Length > 0 && (letters == Letters(firstName + lastName) || letters == Letters(lastName + firstName)) ? ContainsOwnName : null;
    }

    /// <summary>A text by its letters and digits alone, so that a name is the same whatever stands between its parts.</summary>
    private static string Letters(string text) => string.Concat(text.Where(char.IsLetterOrDigit)).ToLowerInvariant();

    /// <summary>An e-mail address is also known by what stands before its @.</summary>
    private static IEnumerable<string> Names(string text) => text.IndexOf('@', StringComparison.Ordinal) is > 0 and var at ? [text, text[..at]] : [text];

    private static FrozenSet<string> Read()
    {
        using var reader = new StreamReader(typeof(PasswordPolicy).Assembly.GetManifestResourceStream("breached.txt")!);
        return reader.ReadToEnd().Split('\n').Where(line => line.Length > 0 && !line.StartsWith("##", StringComparison.Ordinal)).ToFrozenSet();
    }
}
