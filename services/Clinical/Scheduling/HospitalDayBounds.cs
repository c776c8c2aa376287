using MedCor.Platform.LocalCopies;

namespace MedCor.Clinical.Scheduling;

/// <summary>Converts days on the clocks of the caller's hospital to instants. For platform administrators, who have no hospital, the days are in UTC.</summary>
internal sealed class HospitalDayBounds(ClinicalDb db, HospitalCopies hospitals)
{
    /// <summary>Returns the start of the first day and the end of the last day; null where no day is given.</summary>
    internal async Task<(DateTimeOffset? From, DateTimeOffset? Before)> ToInstantsAsync(DateOnly? first, DateOnly? last, CancellationToken ct)
    {
        if (first is null && last is null) return (null, null);
        var hospital = db.Tenancy.HospitalId is { } id ? await hospitals.FindAsync(id, ct) : null;
        var clock = HospitalClock.ForZone(hospital?.TimeZone ?? "UTC");
        // The first and last dates of the calendar set no bound; instants beyond them cannot be represented.
        return (
            first is { } from && from > DateOnly.MinValue ? clock.FirstInstantFrom(from, TimeOnly.MinValue) : null,
            last is { } to && to < DateOnly.MaxValue ? clock.FirstInstantFrom(to.AddDays(1), TimeOnly.MinValue) : null);
    }
}
