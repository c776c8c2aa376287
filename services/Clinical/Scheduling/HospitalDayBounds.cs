using MedCor.Platform.LocalCopies;

namespace MedCor.Clinical.Scheduling;

/// <summary>Days by the clocks of the caller's hospital, as instants. The platform's administrators, who have no hospital, mean days of UTC.</summary>
internal sealed class HospitalDayBounds(ClinicalDb db, HospitalCopies hospitals)
{
    /// <summary>When the first day begins and the last one ends; none where no day is given.</summary>
    internal async Task<(DateTimeOffset? From, DateTimeOffset? Before)> ToInstantsAsync(DateOnly? first, DateOnly? last, CancellationToken ct)
    {
        if (first is null && last is null) return (null, null);
        var hospital = db.Tenancy.HospitalId is { } id ? await hospitals.FindAsync(id, ct) : null;
        var clock = HospitalClock.ForZone(hospital?.TimeZone ?? "UTC");
        // The calendar's own ends bound nothing, and what lies beyond them is no instant.
        return (
            first is { } from && from > DateOnly.MinValue ? clock.FirstInstantFrom(from, TimeOnly.MinValue) : null,
            last is { } to && to < DateOnly.MaxValue ? clock.FirstInstantFrom(to.AddDays(1), TimeOnly.MinValue) : null);
    }
}
