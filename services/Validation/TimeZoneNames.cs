using System.Collections.Frozen;
using NodaTime.TimeZones;

namespace MedCor.Validation;

/// <summary>Resolves the names of time zones in the IANA database. Files that a system keeps beside it, such as <c>localtime</c>, are not included.</summary>
public static class TimeZoneNames
{
    /// <summary>
    /// Maps every name, in any case, to its canonical name. A zone with a location in the database keeps its own name, even when its clocks currently follow
    /// another zone: Europe/Oslo stays, because Norway may decide otherwise than Germany. An older name maps to the current one: Asia/Calcutta to Asia/Kolkata.
    /// </summary>
    private static readonly FrozenDictionary<string, string> Names = Read();

    /// <summary>Returns the canonical name, which browsers and this machine know; null when the zone does not exist.</summary>
    public static string? Canonicalize(string name) => Names.TryGetValue(name, out var own) && TimeZoneInfo.TryFindSystemTimeZoneById(own, out _) ? own : null;

    /// <summary>Gets all canonical names.</summary>
    public static IEnumerable<string> All => Names.Values.Distinct();

    private static FrozenDictionary<string, string> Read()
    {
        var database = TzdbDateTimeZoneSource.Default;
        var places = database.ZoneLocations!.Select(place => place.ZoneId).ToHashSet();
        return database.CanonicalIdMap.ToFrozenDictionary(
            zone => zone.Key,
            zone => places.Contains(zone.Key) ? zone.Key : zone.Value == "Etc/UTC" ? "UTC" : zone.Value,
            StringComparer.OrdinalIgnoreCase);
    }
}
