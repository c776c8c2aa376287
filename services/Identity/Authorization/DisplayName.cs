using System.Globalization;
using System.Text;

namespace MedCor.Identity.Authorization;

/// <summary>Cleans names that strangers give to programs and devices.</summary>
internal static class DisplayName
{
    /// <summary>
    /// Returns a name of characters that are visible, at most a number of them. A character is never cut in halves, and halves are left out, because no
    /// database takes them.
    /// </summary>
    internal static string Clean(string? name, int maxLength) =>
        string.Concat((name ?? "").EnumerateRunes().Where(IsVisible).Take(maxLength)).Trim();

    /// <summary>A half of a character is enumerated as the replacement character.</summary>
    private static bool IsVisible(Rune rune) =>
        !Rune.IsControl(rune) && Rune.GetUnicodeCategory(rune) is not UnicodeCategory.Format && rune != Rune.ReplacementChar;
}
