using Quickenshtein;

namespace MedCor.Validation;

/// <summary>Names what somebody probably meant.</summary>
public static class DidYouMean
{
    /// <summary>Longer names are nobody's slip.</summary>
    private const int MaxNameLength = 64;

    /// <summary>A question to put behind an error text, <c>. Did you mean doctor_id?</c>; empty when nothing that there is comes near.</summary>
    /// <param name="sent">What was sent.</param>
    /// <param name="known">What there is, as far as the caller may know.</param>
    public static string Hint(string? sent, IEnumerable<string> known)
    {
        if (sent is not { Length: > 0 and <= MaxNameLength }) return "";
        var slips = Math.Clamp(sent.Length / 3, 1, 3);
        var nearest = known.Select(name => (Name: name, Distance: Levenshtein.GetDistance(sent.ToLowerInvariant(), name.ToLowerInvariant()))).OrderBy(n => n.Distance).FirstOrDefault();
        return nearest.Name is not null && nearest.Distance <= slips ? $". Did you mean {nearest.Name}?" : "";
    }
}
