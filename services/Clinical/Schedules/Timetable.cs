using MedCor.Contracts.Clinical;

namespace MedCor.Clinical.Schedules;

/// <summary>When a doctor works, by the clocks of the hospital, and what follows from it.</summary>
internal sealed record Timetable(
    int SlotMinutes,
    IReadOnlyList<WeeklyPeriod> WorkingHours,
    IReadOnlyList<WeeklyPeriod> Breaks,
    IReadOnlyList<Absence> Exceptions)
{
    /// <summary>What holds for a doctor until somebody sets a schedule.</summary>
    internal static Timetable Usual { get; } = new(Contracts.Clinical.WorkingHours.UsualSlot, Contracts.Clinical.WorkingHours.Usual, [], []);

    /// <summary>When the doctor works on a day, as instants: a period that the clocks skip a part of is so much shorter, one that they repeat longer.</summary>
    internal IReadOnlyList<Interval> Open(DateOnly date, HospitalClock clock)
    {
        IEnumerable<Interval> open = Interval.Join(WorkingHours.Where(p => p.Weekday == date.DayOfWeek).Select(p => On(date, p.Start, p.End, clock)));
        var closed = Breaks.Where(b => b.Weekday == date.DayOfWeek).Select(b => On(date, b.Start, b.End, clock))
            .Concat(Exceptions.Where(e => e.Date == date).Select(e => On(date, e.Start ?? TimeOnly.MinValue, e.End ?? TimeOnly.MinValue, clock)));
        return [.. closed.Aggregate(open, (left, off) => left.SelectMany(i => i.Without(off))).Where(i => i.From < i.Until)];
    }

    /// <summary>Whether the doctor works all through a time that begins on that day; it may run past midnight into the next.</summary>
    internal bool Holds(DateOnly date, Interval time, HospitalClock clock) => OpenAround(date, clock).Any(open => open.Holds(time));

    /// <summary>The times of a day at which so many minutes are free, in the schedule's step from the start of each working period.</summary>
    /// <param name="taken">What is booked already, on that day and around it.</param>
    /// <param name="now">What is before this is past.</param>
    internal IEnumerable<TimeOnly> FreeTimes(DateOnly date, int minutes, HospitalClock clock, IReadOnlyCollection<Interval> taken, DateTimeOffset now)
    {
        var open = OpenAround(date, clock);
        foreach (var time in Grid(date.DayOfWeek))
        {
            if (clock.Instant(date, time) is not { } instant || instant < now) continue;
            var wanted = Interval.Lasting(instant, minutes);
            if (open.Any(o => o.Holds(wanted)) && !taken.Any(t => t.Overlaps(wanted))) yield return time;
        }
    }

    /// <summary>Whether one of the slots of a day begins then, free or not.</summary>
    internal bool IsStart(DateOnly date, TimeOnly time) => Grid(date.DayOfWeek).Contains(time);

    private IEnumerable<TimeOnly> Grid(DayOfWeek weekday) =>
        WorkingHours.Where(p => p.Weekday == weekday).OrderBy(p => p.Start)
            .SelectMany(p => Enumerable.Range(0, (p.Minutes() + SlotMinutes - 1) / SlotMinutes).Select(step => p.Start.AddMinutes(step * SlotMinutes)));

    private List<Interval> OpenAround(DateOnly date, HospitalClock clock) => Interval.Join(Open(date, clock).Concat(Open(date.AddDays(1), clock)));

    private static Interval On(DateOnly date, TimeOnly start, TimeOnly end, HospitalClock clock) => new(
        clock.NotBefore(date, start),
        end == TimeOnly.MinValue ? clock.NotBefore(date.AddDays(1), end) : clock.NotBefore(date, end));
}

/// <summary>Reckoning with times of day, in which an end of 00:00 means midnight at the end of the day.</summary>
internal static class TimesOfDay
{
    private const int Day = 24 * 60;

    internal static int FromMidnight(this TimeOnly time) => time.Hour * 60 + time.Minute;

    /// <summary>Where a period ends, in minutes from the midnight that its day began with.</summary>
    internal static int EndFromMidnight(this TimeOnly end) => end == TimeOnly.MinValue ? Day : end.FromMidnight();

    internal static int Minutes(this WeeklyPeriod period) => period.End.EndFromMidnight() - period.Start.FromMidnight();

    internal static bool IsWholeMinute(this TimeOnly time) => time.Ticks % TimeSpan.TicksPerMinute == 0;
}
