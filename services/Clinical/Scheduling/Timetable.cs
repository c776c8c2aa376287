using MedCor.Contracts.Clinical;

namespace MedCor.Clinical.Scheduling;

/// <summary>When a doctor works, by the clocks of the hospital, and what follows from it.</summary>
internal sealed record Timetable(
    int SlotMinutes,
    IReadOnlyList<WeeklyPeriod> WorkingHours,
    IReadOnlyList<WeeklyPeriod> Breaks,
    IReadOnlyList<Absence> Exceptions)
{
    /// <summary>What holds for a doctor until somebody sets a schedule.</summary>
    internal static Timetable Default { get; } = new(Contracts.Clinical.WorkingHoursCalculator.DefaultSlotMinutes, Contracts.Clinical.WorkingHoursCalculator.DefaultWeek, [], []);

    /// <summary>Whether both say the same, in the same order.</summary>
    public bool Equals(Timetable? other) => other is not null && SlotMinutes == other.SlotMinutes
        && WorkingHours.SequenceEqual(other.WorkingHours) && Breaks.SequenceEqual(other.Breaks) && Exceptions.SequenceEqual(other.Exceptions);

    public override int GetHashCode() => HashCode.Combine(SlotMinutes, WorkingHours.Count, Breaks.Count, Exceptions.Count);

    /// <summary>When the doctor works on a day, as instants: a period that the clocks skip a part of is so much shorter, one that they repeat longer.</summary>
    internal IReadOnlyList<Interval> WorkingIntervals(DateOnly date, HospitalClock clock)
    {
        IEnumerable<Interval> open = Interval.Merge(WorkingHours.Where(p => p.Weekday == date.DayOfWeek).Select(p => ToInterval(date, p.Start, p.End, clock)));
        var closed = Breaks.Where(b => b.Weekday == date.DayOfWeek).Select(b => ToInterval(date, b.Start, b.End, clock))
            .Concat(Exceptions.Where(e => e.Date == date).Select(e => ToInterval(date, e.Start ?? TimeOnly.MinValue, e.End ?? TimeOnly.MinValue, clock)));
        return [.. closed.Aggregate(open, (left, off) => left.SelectMany(i => i.Subtract(off))).Where(i => i.Start < i.End)];
    }

    /// <summary>Whether the doctor works all through a time that begins on that day; it may run past midnight into the next.</summary>
    internal bool Covers(DateOnly date, Interval time, HospitalClock clock) => WorkingIntervalsAround(date, clock).Any(open => open.Contains(time));

    /// <summary>The times of a day at which so many minutes are free, in the schedule's step from the start of each working period.</summary>
    /// <param name="taken">What is booked already, on that day and around it.</param>
    /// <param name="now">What is before this is past.</param>
    internal IEnumerable<TimeOnly> FreeTimes(DateOnly date, int minutes, HospitalClock clock, IReadOnlyCollection<Interval> taken, DateTimeOffset now)
    {
        var open = WorkingIntervalsAround(date, clock);
        foreach (var time in SlotStarts(date.DayOfWeek))
        {
            if (clock.ToInstant(date, time) is not { } instant || instant < now) continue;
            var wanted = Interval.StartingAt(instant, minutes);
            if (open.Any(o => o.Contains(wanted)) && !taken.Any(t => t.Overlaps(wanted))) yield return time;
        }
    }

    /// <summary>Whether one of the slots of a day begins then, free or not.</summary>
    internal bool IsSlotStart(DateOnly date, TimeOnly time) => SlotStarts(date.DayOfWeek).Contains(time);

    private IEnumerable<TimeOnly> SlotStarts(DayOfWeek weekday) =>
        WorkingHours.Where(p => p.Weekday == weekday).OrderBy(p => p.Start)
            .SelectMany(p => Enumerable.Range(0, (p.DurationMinutes() + SlotMinutes - 1) / SlotMinutes).Select(step => p.Start.AddMinutes(step * SlotMinutes)));

    private List<Interval> WorkingIntervalsAround(DateOnly date, HospitalClock clock) => Interval.Merge(WorkingIntervals(date, clock).Concat(WorkingIntervals(date.AddDays(1), clock)));

    private static Interval ToInterval(DateOnly date, TimeOnly start, TimeOnly end, HospitalClock clock) => new(
        clock.FirstInstantFrom(date, start),
        end == TimeOnly.MinValue ? clock.FirstInstantFrom(date.AddDays(1), end) : clock.FirstInstantFrom(date, end));
}

/// <summary>Reckoning with times of day, in which an end of 00:00 means midnight at the end of the day.</summary>
internal static class TimeOfDayExtensions
{
    private const int MinutesPerDay = 24 * 60;

    internal static int MinutesFromMidnight(this TimeOnly time) => time.Hour * 60 + time.Minute;

    /// <summary>Where a period ends, in minutes from the midnight that its day began with.</summary>
    internal static int EndMinutesFromMidnight(this TimeOnly end) => end == TimeOnly.MinValue ? MinutesPerDay : end.MinutesFromMidnight();

    internal static int DurationMinutes(this WeeklyPeriod period) => period.End.EndMinutesFromMidnight() - period.Start.MinutesFromMidnight();

    internal static bool IsWholeMinute(this TimeOnly time) => time.Ticks % TimeSpan.TicksPerMinute == 0;
}
