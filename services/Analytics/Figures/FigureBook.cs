using MedCor.Contracts;
using MedCor.Contracts.Analytics;
using MedCor.Contracts.Clinical;
using MedCor.ServiceDefaults.Copies;
using MedCor.ServiceDefaults.Problems;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Analytics.Figures;

/// <summary>Reads the counters of a hospital's period.</summary>
internal sealed class FigureBook(AnalyticsDb db, KnownHospitals hospitals, TimeProvider clock)
{
    private const string UsualCurrency = "USD";

    /// <summary>The hospital that is meant: the caller's own unless the platform names one. Throws <see cref="Missing"/> for another one.</summary>
    internal async Task<KnownHospital> Hospital(Guid? asked, CancellationToken ct)
    {
        var own = db.Tenancy.Caller.HospitalId;
        if (asked is { } other && own is { } mine && other != mine) throw new Missing("hospital");
        var id = asked ?? own ?? throw new Invalid("hospital_id", "is required: you belong to no hospital");
        return await hospitals.Find(id, ct) ?? throw new Missing("hospital");
    }

    /// <summary>The day that the hospital's clocks show.</summary>
    internal DateOnly Today(KnownHospital hospital) => hospital.Today(clock.GetUtcNow());

    internal async Task<ReportFigures> Of(KnownHospital hospital, Period period, CancellationToken ct)
    {
        var (id, from, to) = (hospital.HospitalId, period.From, period.To);
        var days = await db.DoctorDays.Where(d => d.HospitalId == id && d.Day >= from && d.Day <= to).GroupBy(d => d.HospitalId).Select(g => new
        {
            Scheduled = g.Sum(d => d.Scheduled),
            InProgress = g.Sum(d => d.InProgress),
            Completed = g.Sum(d => d.Completed),
            Cancelled = g.Sum(d => d.Cancelled),
            NoShows = g.Sum(d => d.NoShows),
            Ratings = g.Sum(d => d.Ratings),
            RatingSum = g.Sum(d => d.RatingSum),
        }).SingleOrDefaultAsync(ct);
        var seen = await db.Visits.Where(v => v.HospitalId == id && v.Day >= from && v.Day <= to && v.Status == AppointmentStatus.Completed).Select(v => v.PatientId).Distinct().CountAsync(ct);
        var (begin, end) = (Midnight(hospital, from), Midnight(hospital, to.AddDays(1)));
        var registered = await db.People.CountAsync(p => p.HospitalId == id && p.Role == Role.Patient && p.RegisteredAt >= begin && p.RegisteredAt < end, ct);
        var (revenue, currency) = await Revenue(id, period, ct);
        return days is null
            ? new(registered, 0, 0, 0, 0, 0, 0, seen, null, revenue, currency)
            : new(registered, days.Scheduled + days.InProgress + days.Completed + days.Cancelled + days.NoShows,
                days.Scheduled, days.InProgress, days.Completed, days.Cancelled, days.NoShows, seen, Ratio(days.RatingSum, days.Ratings, 2), revenue, currency);
    }

    /// <summary>What was invoiced, in the currency of the newest invoice.</summary>
    internal async Task<(string Amount, string Currency)> Revenue(Guid hospital, Period period, CancellationToken ct)
    {
        var (from, to) = (period.From, period.To);
        var currency = await db.Invoices.Where(i => i.HospitalId == hospital).OrderByDescending(i => i.IssuedOn).ThenByDescending(i => i.Id).Select(i => i.Currency).FirstOrDefaultAsync(ct) ?? UsualCurrency;
        var total = await db.Invoices.Where(i => i.HospitalId == hospital && i.IssuedOn >= from && i.IssuedOn <= to && i.Currency == currency).SumAsync(i => i.Total, ct);
        return (Money.Text(total), currency);
    }

    /// <summary>A part of a whole; none of nothing.</summary>
    internal static decimal? Ratio(long part, long whole, int digits) => whole == 0 ? null : Math.Round((decimal)part / whole, digits, MidpointRounding.AwayFromZero);

    /// <summary>The first instant of a day; where the clocks skip midnight, of what they show instead.</summary>
    private static DateTimeOffset Midnight(KnownHospital hospital, DateOnly day)
    {
        var zone = TimeZoneInfo.FindSystemTimeZoneById(hospital.TimeZone);
        var shown = day.ToDateTime(TimeOnly.MinValue);
        while (zone.IsInvalidTime(shown)) shown = shown.AddMinutes(1);
        return new DateTimeOffset(shown, zone.IsAmbiguousTime(shown) ? zone.GetAmbiguousTimeOffsets(shown).Max() : zone.GetUtcOffset(shown)).ToUniversalTime();
    }
}

/// <summary>From one day to another, inclusive.</summary>
internal readonly record struct Period(DateOnly From, DateOnly To)
{
    /// <summary>The period that a day lies in.</summary>
    internal static Period Of(ReportPeriod kind, DateOnly day) => kind switch
    {
        ReportPeriod.Daily => new(day, day),
        ReportPeriod.Weekly => Lasting(day.AddDays(-(((int)day.DayOfWeek + 6) % 7)), d => d.AddDays(7)),
        ReportPeriod.Monthly => Lasting(new(day.Year, day.Month, 1), d => d.AddMonths(1)),
        ReportPeriod.Quarterly => Lasting(new(day.Year, (day.Month - 1) / 3 * 3 + 1, 1), d => d.AddMonths(3)),
        ReportPeriod.Yearly => Lasting(new(day.Year, 1, 1), d => d.AddYears(1)),
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    private static Period Lasting(DateOnly from, Func<DateOnly, DateOnly> next) => new(from, next(from).AddDays(-1));
}
