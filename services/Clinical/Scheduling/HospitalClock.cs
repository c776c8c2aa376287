namespace MedCor.Clinical.Scheduling;

/// <summary>The clocks on the walls of a hospital, which go forward and back as its time zone says.</summary>
internal sealed class HospitalClock(TimeZoneInfo zone)
{
    internal static HospitalClock ForZone(string timeZone) => new(TimeZoneInfo.FindSystemTimeZoneById(timeZone));

    /// <summary>When the clocks show this: the earlier instant when they do so twice, none when they never do.</summary>
    internal DateTimeOffset? ToInstant(DateOnly date, TimeOnly time)
    {
        var shown = date.ToDateTime(time);
        if (zone.IsInvalidTime(shown)) return null;
        var offset = zone.IsAmbiguousTime(shown) ? zone.GetAmbiguousTimeOffsets(shown).Max() : zone.GetUtcOffset(shown);
        return new DateTimeOffset(shown, offset).ToUniversalTime();
    }

    /// <summary>The first instant at which the clocks show this or, when they skip it, something later.</summary>
    internal DateTimeOffset FirstInstantFrom(DateOnly date, TimeOnly time)
    {
        for (var shown = date.ToDateTime(time); ; shown = shown.AddMinutes(1))
            if (ToInstant(DateOnly.FromDateTime(shown), TimeOnly.FromDateTime(shown)) is { } instant) return instant;
    }

    /// <summary>The day on which an instant falls.</summary>
    internal DateOnly ToDate(DateTimeOffset instant) => DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(instant, zone).DateTime);
}
