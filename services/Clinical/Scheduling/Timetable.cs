using MedCor.Contracts.Clinical;

namespace MedCor.Clinical.Scheduling;

/// <summary>Represents a doctor's working hours, breaks and absences on the hospital's clocks, and computes working intervals and free times.</summary>
internal sealed record Timetable(
    int SlotMinutes,
    IReadOnlyList<WeeklyPeriod> WorkingHours,
    IReadOnlyList<WeeklyPeriod> Breaks,
    IReadOnlyList<Absence> Exceptions)
{
    /// <summary>Gets the timetable that applies to a doctor until a schedule is set.</summary>
    internal static Timetable Default { get; } = new(Contracts.Clinical.WorkingHoursCalculator.DefaultSlotMinutes,
        Contracts.Clinical.WorkingHoursCalculator.DefaultWeek, [], []);

    /// <summary>Returns whether both timetables have the same entries, in any order.</summary>
    public bool Equals(Timetable? other) => other is not null && SlotMinutes == other.SlotMinutes
        && HaveSameEntries(WorkingHours, other.WorkingHours) && HaveSameEntries(Breaks, other.Breaks) && HaveSameEntries(Exceptions, other.Exceptions);

    public override int GetHashCode() => HashCode.Combine(SlotMinutes, WorkingHours.Count, Breaks.Count, Exceptions.Count);

    /// <summary>
    /// Returns the intervals in which the doctor works on a day. A period is shortened by time that the clocks skip and extended by time that they repeat.
    /// </summary>
    internal IReadOnlyList<Interval> WorkingIntervals(DateOnly date, HospitalClock clock)
    {
        IEnumerable<Interval> open = Interval.Merge(WorkingHours.Where(p => p.Weekday == date.DayOfWeek).Select(p => ToInterval(date, p.Start, p.End, clock)));
        var closed = Breaks.Where(b => b.Weekday == date.DayOfWeek).Select(b => ToInterval(date, b.Start, b.End, clock))
            .Concat(Exceptions.Where(e => e.Date == date).Select(e => ToInterval(date, e.Start ?? TimeOnly.MinValue, e.End ?? TimeOnly.MinValue, clock)));
        return [.. closed.Aggregate(open, (left, absence) => left.SelectMany(i => i.Subtract(absence))).Where(i => i.Start < i.End)];
    }

    /// <summary>Returns whether the doctor works throughout an interval that begins on the given day; it may extend past midnight into the next day.</summary>
    internal bool Covers(DateOnly date, Interval time, HospitalClock clock) => WorkingIntervalsAround(date, clock).Any(open => open.Contains(time));

    /// <summary>Returns the times of a day at which the given number of minutes is free, in steps of one slot from the start of each working period.</summary>
    /// <param name="booked">The booked intervals on and around the day.</param>
    /// <param name="now">The current instant; earlier times are not returned.</param>
    internal IEnumerable<TimeOnly> FreeTimes(DateOnly date, int minutes, HospitalClock clock, IReadOnlyCollection<Interval> booked, DateTimeOffset now)
    {
        var open = WorkingIntervalsAround(date, clock);
        foreach (var time in SlotStarts(date.DayOfWeek))
        {
            if (clock.ToInstant(date, time) is not { } instant || instant < now) continue;
            var interval = Interval.StartingAt(instant, minutes);
            if (open.Any(o => o.Contains(interval)) && !booked.Any(t => t.Overlaps(interval))) yield return time;
        }
    }

    /// <summary>Returns whether a slot of the day begins at the given time, free or not.</summary>
    internal bool IsSlotStart(DateOnly date, TimeOnly time) => SlotStarts(date.DayOfWeek).Contains(time);

    private IEnumerable<TimeOnly> SlotStarts(DayOfWeek weekday) =>
        WorkingHours.Where(p => p.Weekday == weekday).OrderBy(p => p.Start)
            .SelectMany(p => Enumerable.Range(0, (p.DurationMinutes() + SlotMinutes - 1) / SlotMinutes).Select(step => p.Start.AddMinutes(step * SlotMinutes)));

    private List<Interval> WorkingIntervalsAround(DateOnly date, HospitalClock clock) =>
        Interval.Merge(WorkingIntervals(date, clock).Concat(WorkingIntervals(date.AddDays(1), clock)));

    private static bool HaveSameEntries<T>(IReadOnlyList<T> a, IReadOnlyList<T> b) => a.Count == b.Count && a.ToHashSet().SetEquals(b);

    private static Interval ToInterval(DateOnly date, TimeOnly start, TimeOnly end, HospitalClock clock) => new(
        clock.FirstInstantFrom(date, start),
        end == TimeOnly.MinValue ? clock.FirstInstantFrom(date.AddDays(1), end) : clock.FirstInstantFrom(date, end));
}

/// <summary>Provides calculations with times of day in which an end of 00:00 means midnight at the end of the day.</summary>
internal static class TimeOfDayExtensions
{
    private const int MinutesPerDay = 24 * 60;

    internal static int MinutesFromMidnight(this TimeOnly time) => time.Hour * 60 + time.Minute;

    /// <summary>Returns the end of a period in minutes from the midnight at the start of its day.</summary>
    internal static int EndMinutesFromMidnight(this TimeOnly end) => end == TimeOnly.MinValue ? MinutesPerDay : end.MinutesFromMidnight();

    internal static int DurationMinutes(this WeeklyPeriod period) => period.End.EndMinutesFromMidnight() - period.Start.MinutesFromMidnight();

    internal static bool IsWholeMinute(this TimeOnly time) => time.Ticks % TimeSpan.TicksPerMinute == 0;
}
