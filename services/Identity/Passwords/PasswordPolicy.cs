using System.Collections.Frozen;

namespace MedCor.Identity.Passwords;

/// <summary>
/// Which passwords are accepted, by NIST SP 800-63B-4, section 3.1.1.2: long enough, not known from breaches, not the person's own name;
/// no rules about what they are composed of. The length is checked with the parameters.
/// </summary>
internal static class PasswordPolicy
{
    /// <summary>Shorter names are syllables of too many good passwords.</summary>
    private const int ShortestTellingName = 5;

    private static readonly Lazy<FrozenSet<string>> Breached = new(Read);

    /// <summary>What is wrong with a password, if anything.</summary>
    /// <param name="context">What an attacker would try first: the person's e-mail address and names.</param>
    internal static string? WhatIsWrong(string password, params IEnumerable<string> context)
    {
        var plain = password.ToLowerInvariant();
        if (Breached.Value.Contains(plain)) return "is known from breaches of other sites; choose another";
        foreach (var name in context.SelectMany(Names))
        {
            var told = name.ToLowerInvariant();
            if (plain == told || (told.Length >= ShortestTellingName && plain.Contains(told, StringComparison.Ordinal)))
                return "must not contain the user's own name or e-mail address";
        }
        return null;
    }

    /// <summary>An e-mail address is also known by what stands before its @.</summary>
    private static IEnumerable<string> Names(string text) => text.IndexOf('@', StringComparison.Ordinal) is > 0 and var at ? [text, text[..at]] : [text];

    private static FrozenSet<string> Read()
    {
        using var reader = new StreamReader(typeof(PasswordPolicy).Assembly.GetManifestResourceStream("breached.txt")!);
        return reader.ReadToEnd().Split('\n').Where(line => line.Length > 0 && !line.StartsWith("##", StringComparison.Ordinal)).ToFrozenSet();
    }
}
