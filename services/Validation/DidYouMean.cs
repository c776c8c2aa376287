using Quickenshtein;

namespace MedCor.Validation;

/// <summary>Suggests the name that a client probably meant.</summary>
public static class DidYouMean
{
    /// <summary>The maximum length of a name for which a suggestion is made.</summary>
    private const int MaxNameLength = 64;

    /// <summary>Returns a question to append to an error text, <c>. Did you mean doctor_id?</c>; empty when no known name is close.</summary>
    /// <param name="sent">The name that was sent.</param>
    /// <param name="known">The existing names that the caller may know.</param>
    public static string Hint(string? sent, IEnumerable<string> known)
    {
        if (sent is not { Length: > 0 and <= MaxNameLength }) return "";
        var maxDistance = Math.Clamp(sent.Length / 3, 1, 3);
        var nearest = known.Select(name => (Name: name, Distance: Levenshtein.GetDistance(sent.ToLowerInvariant(), name.ToLowerInvariant())))
            .OrderBy(n => n.Distance).FirstOrDefault();
        return nearest.Name is not null && nearest.Distance <= maxDistance ? $". Did you mean {nearest.Name}?" : "";
    }
}
