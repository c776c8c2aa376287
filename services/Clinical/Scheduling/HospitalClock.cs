namespace MedCor.Clinical.Scheduling;

/// <summary>Converts between instants and the local time of a hospital, including the changes to and from daylight saving time.</summary>
internal sealed class HospitalClock(TimeZoneInfo zone)
{
    internal static HospitalClock ForZone(string timeZone) => new(TimeZoneInfo.FindSystemTimeZoneById(timeZone));

    /// <summary>Returns the instant at which the clocks show a local time: the earlier one when they show it twice, null when they never do.</summary>
    internal DateTimeOffset? ToInstant(DateOnly date, TimeOnly time)
    {
        var local = date.ToDateTime(time);
        if (zone.IsInvalidTime(local)) return null;
        var offset = zone.IsAmbiguousTime(local) ? zone.GetAmbiguousTimeOffsets(local).Max() : zone.GetUtcOffset(local);
        return new DateTimeOffset(local, offset).ToUniversalTime();
    }

    /// <summary>Returns the first instant at which the clocks show a local time or, when they skip it, the next time that they show.</summary>
    internal DateTimeOffset FirstInstantFrom(DateOnly date, TimeOnly time)
    {
        for (var local = date.ToDateTime(time); ; local = local.AddMinutes(1))
            if (ToInstant(DateOnly.FromDateTime(local), TimeOnly.FromDateTime(local)) is { } instant) return instant;
    }

    /// <summary>Returns the local date of an instant.</summary>
    internal DateOnly ToDate(DateTimeOffset instant) => DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(instant, zone).DateTime);
}
