using System.Text.Json;
using MedCor.Analytics.People;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Platform.LocalCopies;
using MedCor.Validation;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace MedCor.Analytics.Statistics;

/// <summary>Reads the statistics of hospitals over periods.</summary>
internal sealed class StatisticsQueries(AnalyticsDb db, NpgsqlDataSource database, HospitalCopies hospitals, TimeProvider clock)
{
    /// <summary>
    /// Sums the kept counters. Different patients are counted row by row only if the period is neither a month nor the beginning of one. New patients are
    /// found by their registration in UTC, and only those near the period's ends by the hospital's clocks. The tables are named in the order in which a
    /// rebuild empties them, so that the two cannot deadlock.
    /// </summary>
    /// <remarks>
    /// The dates are computed first, since row-level security allows no index to be searched for the result of a function that may raise an error.
    /// </remarks>
    private const string StatisticsSql = """
        WITH now AS MATERIALIZED (
            SELECT hospital_id, time_zone, ($4::timestamptz AT TIME ZONE time_zone)::date AS today FROM known_hospitals WHERE hospital_id = $1
        ), ending AS (
            SELECT *, coalesce($3::date, greatest($2::date, today)) AS last FROM now
        ), period AS (
            SELECT *, coalesce($2::date, date_trunc('month', last)::date) AS first FROM ending
        ), asked AS MATERIALIZED (
            SELECT *, first > date_trunc('month', first) OR last >= first + interval '1 month' AS is_irregular,
                date_trunc('month', today)::date AS month, (date_trunc('month', today) + interval '1 month')::date AS next_month,
                (first - 1)::timestamp AT TIME ZONE 'UTC' AS never_before, (first + 1)::timestamp AT TIME ZONE 'UTC' AS surely_from,
                last::timestamp AT TIME ZONE 'UTC' AS surely_until, (last + 2)::timestamp AT TIME ZONE 'UTC' AS never_after
            FROM period
        )
        SELECT a.time_zone, a.first, a.last, coalesce(heads.patients, 0), coalesce(heads.doctors, 0), coalesce(heads.nurses, 0), coalesce(days.today, 0),
            coalesce(money.this_month, 0), coalesce(money.total, 0), coalesce(money.currency, 'USD'), registered.patients,
            CASE WHEN a.is_irregular THEN seen.patients ELSE coalesce(days.first_seen, 0) END::integer,
            coalesce(days.scheduled, 0), coalesce(days.in_progress, 0), coalesce(days.completed, 0), coalesce(days.cancelled, 0), coalesce(days.no_shows, 0),
            coalesce(days.rating_sum, 0), coalesce(days.ratings, 0)
        FROM asked a
        LEFT JOIN LATERAL (
            SELECT newest.currency, sums.*
            FROM (SELECT currency FROM invoices WHERE hospital_id = a.hospital_id ORDER BY issued_on DESC, id DESC LIMIT 1) AS newest
            CROSS JOIN LATERAL (
                SELECT (sum(i.total) FILTER (WHERE i.issued_on BETWEEN a.first AND a.last))::bigint AS total,
                    (sum(i.total) FILTER (WHERE i.issued_on >= a.month AND i.issued_on < a.next_month))::bigint AS this_month
                FROM invoices i WHERE i.hospital_id = a.hospital_id AND i.currency = newest.currency) AS sums) AS money ON true
        CROSS JOIN LATERAL (
            SELECT count(DISTINCT v.patient_id) AS patients FROM visits v
            WHERE a.is_irregular AND v.hospital_id = a.hospital_id AND v.day BETWEEN a.first AND a.last AND v.status = 'COMPLETED') AS seen
        CROSS JOIN LATERAL (
            SELECT sum(d.scheduled)::integer AS scheduled, sum(d.in_progress)::integer AS in_progress, sum(d.completed)::integer AS completed,
                sum(d.cancelled)::integer AS cancelled, sum(d.no_shows)::integer AS no_shows, sum(d.rating_sum) AS rating_sum, sum(d.ratings) AS ratings,
                sum(d.first_seen) AS first_seen, (
                    SELECT t.scheduled + t.in_progress + t.completed + t.no_shows FROM hospital_days t
                    WHERE t.hospital_id = a.hospital_id AND t.day = a.today) AS today
            FROM hospital_days d WHERE d.hospital_id = a.hospital_id AND d.day BETWEEN a.first AND a.last) AS days
        CROSS JOIN LATERAL (
            SELECT count(*)::integer AS patients FROM people p
            WHERE p.hospital_id = a.hospital_id AND p.role = 'PATIENT' AND p.registered_at >= a.never_before AND p.registered_at < a.never_after
                AND (p.registered_at >= a.surely_from AND p.registered_at < a.surely_until
                    OR (p.registered_at AT TIME ZONE a.time_zone)::date BETWEEN a.first AND a.last)) AS registered
        CROSS JOIN LATERAL (
            SELECT sum(c.patients)::integer AS patients, sum(c.doctors)::integer AS doctors, sum(c.nurses)::integer AS nurses
            FROM head_counts c WHERE c.hospital_id = a.hospital_id) AS heads
        """;

    /// <summary>
    /// Returns the requested hospital, whose presence <see cref="RequireHospital"/> checks: the caller's own unless a platform administrator names one. Throws
    /// <see cref="NotFound"/> for any other hospital.
    /// </summary>
    internal async Task<HospitalCopy> ResolveHospitalAsync(Guid? requestedId, CancellationToken ct) =>
        await hospitals.FindAsync(ResolveHospitalId(requestedId), ct) ?? throw new NotFound("hospital");

    /// <summary>Reads the statistics of the requested hospital, which is resolved as <see cref="ResolveHospitalAsync"/> does, over a period.</summary>
    internal async Task<(Guid Hospital, PeriodStatistics Statistics)> ReadAsync(Guid? requestedId, DateOnly? from, DateOnly? to, CancellationToken ct)
    {
        var hospital = ResolveHospitalId(requestedId);
        if (await ReadAsync([(hospital, from, to)], ct) is [var statistics]) return (hospital, statistics);
        await ResolveHospitalAsync(requestedId, ct);
        return (hospital, (await ReadAsync([(hospital, from, to)], ct)).Single());
    }

    private Guid ResolveHospitalId(Guid? requestedId)
    {
        var own = db.Tenancy.Caller.HospitalId;
        if (requestedId is { } other && own is { } mine && other != mine) throw new NotFound("hospital");
        return (requestedId ?? own)!.Value;
    }

    /// <summary>Adds an error when no hospital is requested and the caller, as a platform administrator, belongs to none.</summary>
    internal void RequireHospital(Guid? requestedId, ParameterErrors errors) => db.Tenancy.RequireHospital(requestedId, errors);

    /// <summary>Returns the current date on the hospital's clocks.</summary>
    internal DateOnly Today(HospitalCopy hospital) => hospital.Today(clock.GetUtcNow());

    internal static TimeZoneInfo TimeZoneOf(HospitalCopy hospital) => TimeZoneInfo.FindSystemTimeZoneById(hospital.TimeZone);

    /// <summary>
    /// Reads the statistics of several periods, in the same order and one round trip, without periods of hospitals that are not known.
    /// </summary>
    /// <param name="periods">
    /// The last day is today by default, or the first day if that lies in the future; the first day is that of the last day's month by default.
    /// </param>
    internal async Task<IReadOnlyList<PeriodStatistics>> ReadAsync(IEnumerable<(Guid Hospital, DateOnly? From, DateOnly? To)> periods, CancellationToken ct)
    {
        await using var batch = database.CreateBatch();
        batch.BatchCommands.Add(new("SELECT set_config('medcor.hospital', $1, true)") { Parameters = { new() { Value = db.Tenancy.RowLevelSecurityValue } } });
        foreach (var (hospital, from, to) in periods)
            batch.BatchCommands.Add(new(StatisticsSql)
            {
                Parameters =
                {
                    new() { Value = hospital }, new() { Value = (object?)from ?? DBNull.Value }, new() { Value = (object?)to ?? DBNull.Value },
                    new() { Value = clock.GetUtcNow() },
                },
            });

        var statistics = new List<PeriodStatistics>();
        await using var reader = await batch.ExecuteReaderAsync(ct);
        while (await reader.NextResultAsync(ct))
            while (await reader.ReadAsync(ct)) statistics.Add(Read(reader));
        return statistics;
    }

    private static PeriodStatistics Read(NpgsqlDataReader row)
    {
        var column = 0;
        return new(
            TimeZone: row.GetString(column++),
            From: row.GetFieldValue<DateOnly>(column++),
            To: row.GetFieldValue<DateOnly>(column++),
            Patients: row.GetInt32(column++),
            Doctors: row.GetInt32(column++),
            Nurses: row.GetInt32(column++),
            TodayAppointments: row.GetInt32(column++),
            MonthlyRevenue: Money.Format(row.GetInt64(column++)),
            Revenue: Money.Format(row.GetInt64(column++)),
            Currency: row.GetString(column++),
            NewPatients: row.GetInt32(column++),
            PatientsSeen: row.GetInt32(column++),
            Scheduled: row.GetInt32(column++),
            InProgress: row.GetInt32(column++),
            Completed: row.GetInt32(column++),
            Cancelled: row.GetInt32(column++),
            NoShows: row.GetInt32(column++),
            AverageRating: Ratio(row.GetInt64(column++), row.GetInt64(column), 2));
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
}
