using System.Text.Json;
using MedCor.Analytics.People;
using MedCor.Contracts;
using MedCor.Contracts.Analytics;
using MedCor.Contracts.Clinical;
using MedCor.Platform.LocalCopies;
using MedCor.Validation;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Analytics.Statistics;

/// <summary>Reads the statistics of hospitals over periods.</summary>
internal sealed class StatisticsQueries(AnalyticsDb db, HospitalCopies hospitals, TimeProvider clock)
{
    private const string DefaultCurrency = "USD";

    /// <summary>
    /// Returns the requested hospital, whose presence <see cref="RequireHospital"/> checks: the caller's own unless a platform administrator names one. Throws
    /// <see cref="NotFound"/> for any other hospital.
    /// </summary>
    internal async Task<HospitalCopy> ResolveHospitalAsync(Guid? requestedId, CancellationToken ct)
    {
        var own = db.Tenancy.Caller.HospitalId;
        if (requestedId is { } other && own is { } mine && other != mine) throw new NotFound("hospital");
        return await hospitals.FindAsync((requestedId ?? own)!.Value, ct) ?? throw new NotFound("hospital");
    }

    /// <summary>Adds an error when no hospital is requested and the caller, as a platform administrator, belongs to none.</summary>
    internal void RequireHospital(Guid? requestedId, ParameterErrors errors)
    {
        if (requestedId is null && db.Tenancy.Caller.HospitalId is null) errors.Add("hospital_id", "is required: you belong to no hospital");
    }

    /// <summary>Returns the current date on the hospital's clocks.</summary>
    internal DateOnly Today(HospitalCopy hospital) => hospital.Today(clock.GetUtcNow());

    internal static TimeZoneInfo TimeZoneOf(HospitalCopy hospital) => TimeZoneInfo.FindSystemTimeZoneById(hospital.TimeZone);

    internal async Task<ReportFigures> ReadFiguresAsync(HospitalCopy hospital, Period period, CancellationToken ct) =>
        (await ReadFiguresAsync([(hospital, period)], ct))[0];

    /// <summary>
    /// Reads the figures of several periods, in the same order, in one statement. The statement names the tables in the order in which a rebuild empties them,
    /// so that the two cannot deadlock.
    /// </summary>
    internal async Task<IReadOnlyList<ReportFigures>> ReadFiguresAsync(IReadOnlyList<(HospitalCopy Hospital, Period Period)> periods, CancellationToken ct)
    {
        var ids = periods.Select(a => a.Hospital.HospitalId).ToArray();
        var (from, to) = (periods.Select(a => a.Period.From).ToArray(), periods.Select(a => a.Period.To).ToArray());
        var begins = periods.Select(a => StartOfDay(a.Hospital, a.Period.From)).ToArray();
        var ends = periods.Select(a => StartOfDay(a.Hospital, a.Period.To.AddDays(1))).ToArray();
        var figures = await db.Database.SqlQuery<FiguresRow>($"""
            SELECT coalesce(money.total, 0)::bigint AS "Total", coalesce(money.currency, {DefaultCurrency}) AS "Currency", seen.patients AS "PatientsSeen",
                days.scheduled AS "Scheduled", days.in_progress AS "InProgress", days.completed AS "Completed", days.cancelled AS "Cancelled",
                days.no_shows AS "NoShows", days.ratings AS "Ratings", days.rating_sum AS "RatingSum", registered.patients AS "NewPatients"
            FROM unnest({ids}, {from}, {to}, {begins}, {ends}) WITH ORDINALITY AS asked (hospital_id, first, last, begins, ends, n)
            LEFT JOIN LATERAL (
                SELECT i.currency, (
                    SELECT sum(s.total) FROM invoices s
                    WHERE s.hospital_id = asked.hospital_id AND s.issued_on BETWEEN asked.first AND asked.last AND s.currency = i.currency) AS total
                FROM invoices i WHERE i.hospital_id = asked.hospital_id ORDER BY i.issued_on DESC, i.id DESC LIMIT 1) AS money ON true
            CROSS JOIN LATERAL (
                SELECT count(DISTINCT patient_id)::integer AS patients FROM visits v
                WHERE v.hospital_id = asked.hospital_id AND v.day BETWEEN asked.first AND asked.last AND v.status = 'COMPLETED') AS seen
            CROSS JOIN LATERAL (
                SELECT coalesce(sum(scheduled), 0)::integer AS scheduled, coalesce(sum(in_progress), 0)::integer AS in_progress,
                    coalesce(sum(completed), 0)::integer AS completed,
                    coalesce(sum(cancelled), 0)::integer AS cancelled, coalesce(sum(no_shows), 0)::integer AS no_shows,
                    coalesce(sum(ratings), 0)::integer AS ratings, coalesce(sum(rating_sum), 0)::integer AS rating_sum
                FROM doctor_days d WHERE d.hospital_id = asked.hospital_id AND d.day BETWEEN asked.first AND asked.last) AS days
            CROSS JOIN LATERAL (
                SELECT count(*)::integer AS patients FROM people p
                WHERE p.hospital_id = asked.hospital_id AND p.role = 'PATIENT'
                    AND p.registered_at >= asked.begins AND p.registered_at < asked.ends) AS registered
            ORDER BY asked.n
            """).ToListAsync(ct);
        return [.. figures.Select(f => new ReportFigures(
            NewPatients: f.NewPatients,
            Appointments: f.Scheduled + f.InProgress + f.Completed + f.Cancelled + f.NoShows,
            Scheduled: f.Scheduled,
            InProgress: f.InProgress,
            Completed: f.Completed,
            Cancelled: f.Cancelled,
            NoShows: f.NoShows,
            PatientsSeen: f.PatientsSeen,
            AverageRating: Ratio(f.RatingSum, f.Ratings, 2),
            Revenue: Money.Format(f.Total),
            Currency: f.Currency))];
    }

    /// <summary>
    /// Returns the schedules of a hospital's doctors that are valid on some day of a period, ordered by their first day; each applies until the doctor's next.
    /// </summary>
    internal IQueryable<ScheduleRow> FindSchedules(Guid hospital, Period period) =>
        db.Schedules.AsNoTracking().Where(s => s.HospitalId == hospital && s.ValidFrom <= period.To)
            .Where(s => !db.Schedules.Any(newer => newer.HospitalId == s.HospitalId && newer.DoctorId == s.DoctorId && newer.Version > s.Version
                && (newer.ValidFrom <= s.ValidFrom || newer.ValidFrom <= period.From)))
            .OrderBy(s => s.ValidFrom);

    /// <summary>Returns the periods in which a hospital was active; null while they are unknown.</summary>
    internal async Task<ActivePeriods?> FindHospitalPeriodsAsync(Guid hospital, CancellationToken ct) =>
        (await db.HospitalPeriods.AsNoTracking().SingleOrDefaultAsync(h => h.HospitalId == hospital, ct))?.ActivePeriods;

    /// <summary>
    /// Returns the days of a period on which a doctor was active in an active hospital, on the hospital's clocks. The days on which they became active or
    /// inactive count as a whole.
    /// </summary>
    internal static IReadOnlyList<Period> FindActiveDays(ActivePeriods? hospital, ActivePeriods doctor, TimeZoneInfo zone, Period period)
    {
        var days = new List<Period>();
        foreach (var h in hospital?.Periods ?? [new(DateTimeOffset.MinValue)])
            foreach (var d in doctor.Periods)
            {
                var (from, to) = (h.From > d.From ? h.From : d.From, h.To < d.To || d.To is null ? h.To : d.To);
                if (from >= to) continue;
                DateOnly[] firsts = [period.From, DayOf(from), .. days.Select(earlier => earlier.To.AddDays(1)).TakeLast(1)];
                var found = new Period(firsts.Max(), to is { } end && DayOf(end) < period.To ? DayOf(end) : period.To);
                if (found.From <= found.To) days.Add(found);
            }
        return days;

        DateOnly DayOf(DateTimeOffset instant) => DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(instant, zone).DateTime);
    }

    /// <summary>Counts the minutes that a doctor works on the days on which the doctor is active, each day by the schedule that is valid on it.</summary>
    /// <param name="schedules">The doctor's schedules from <see cref="FindSchedules"/>. On days before the first one, the default hours apply.</param>
    /// <param name="days">The doctor's days from <see cref="FindActiveDays"/>.</param>
    internal static int CountWorkingMinutes(IReadOnlyCollection<ScheduleRow> schedules, TimeZoneInfo zone, IEnumerable<Period> days) =>
        days.Sum(period => CountWorkingMinutes(schedules, zone, period));

    private static int CountWorkingMinutes(IEnumerable<ScheduleRow> schedules, TimeZoneInfo zone, Period period)
    {
        var (minutes, from, holding) = (0, period.From, (DoctorSchedule?)null);
        foreach (var next in schedules.TakeWhile(s => s.ValidFrom <= period.To))
        {
            if (next.ValidFrom > from)
            {
                minutes += WorkingHoursCalculator.CountMinutes(holding, zone, from, next.ValidFrom.AddDays(-1));
                from = next.ValidFrom;
            }
            holding = JsonSerializer.Deserialize<DoctorSchedule>(next.Schedule, Json.Options);
        }
        return minutes + WorkingHoursCalculator.CountMinutes(holding, zone, from, period.To);
    }

    /// <summary>Returns the ratio of a part to a whole; null when the whole is zero.</summary>
    internal static decimal? Ratio(long part, long whole, int digits) =>
        whole == 0 ? null : Math.Round((decimal)part / whole, digits, MidpointRounding.AwayFromZero);

    /// <summary>Returns the first instant of a day; when the clocks skip midnight, the instant of the first time that they show.</summary>
    private static DateTimeOffset StartOfDay(HospitalCopy hospital, DateOnly day)
    {
        var zone = TimeZoneOf(hospital);
        var shown = day.ToDateTime(TimeOnly.MinValue);
        while (zone.IsInvalidTime(shown)) shown = shown.AddMinutes(1);
        return new DateTimeOffset(shown, zone.IsAmbiguousTime(shown) ? zone.GetAmbiguousTimeOffsets(shown).Max() : zone.GetUtcOffset(shown)).ToUniversalTime();
    }

    /// <summary>Represents a row of the statement's result; revenue is in minor units of the newest invoice's currency.</summary>
    private sealed record FiguresRow(
        long Total, string Currency, int PatientsSeen, int Scheduled, int InProgress, int Completed, int Cancelled, int NoShows, int Ratings,
        int RatingSum, int NewPatients);
}

/// <summary>Represents a range of days, both ends inclusive.</summary>
internal readonly record struct Period(DateOnly From, DateOnly To)
{
    /// <summary>Returns the period that contains a day.</summary>
    internal static Period Containing(ReportPeriod kind, DateOnly day) => kind switch
    {
        ReportPeriod.Daily => new(day, day),
        ReportPeriod.Weekly => StartingAt(day.AddDays(-(((int)day.DayOfWeek + 6) % 7)), d => d.AddDays(7)),
        ReportPeriod.Monthly => StartingAt(new(day.Year, day.Month, 1), d => d.AddMonths(1)),
        ReportPeriod.Quarterly => StartingAt(new(day.Year, (day.Month - 1) / 3 * 3 + 1, 1), d => d.AddMonths(3)),
        ReportPeriod.Yearly => StartingAt(new(day.Year, 1, 1), d => d.AddYears(1)),
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    private static Period StartingAt(DateOnly from, Func<DateOnly, DateOnly> next) => new(from, next(from).AddDays(-1));
}
