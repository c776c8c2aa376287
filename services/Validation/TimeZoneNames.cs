using System.Collections.Frozen;
using NodaTime.TimeZones;

namespace MedCor.Validation;

/// <summary>The names of time zones in IANA's database, without the system's own files that lie beside it, such as <c>localtime</c>.</summary>
public static class TimeZoneNames
{
    /// <summary>
    /// By every name, whatever its case, the one that is kept. Of a place that the database lists it is that place's own, also where the clocks are another's:
    /// Europe/Oslo stays, since Norway may decide otherwise than Germany. Of an older name it is the present one: Asia/Kolkata of Asia/Calcutta.
    /// </summary>
    private static readonly FrozenDictionary<string, string> Names = Read();

    /// <summary>The name that is kept, which browsers and this machine know; null when there is no such zone.</summary>
    public static string? Canonicalize(string name) => Names.TryGetValue(name, out var own) && TimeZoneInfo.TryFindSystemTimeZoneById(own, out _) ? own : null;

    /// <summary>All names that are kept.</summary>
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
