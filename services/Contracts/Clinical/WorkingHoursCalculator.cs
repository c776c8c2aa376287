namespace MedCor.Contracts.Clinical;

/// <summary>Calculates the working time of a schedule, in the hospital's time zone.</summary>
public static class WorkingHoursCalculator
{
    private const int MinutesPerDay = 24 * 60;

    /// <summary>The slot length until a schedule is set, in minutes.</summary>
    public const int DefaultSlotMinutes = 30;

    /// <summary>Gets the working hours that apply until a schedule is set, so that a new doctor can be booked.</summary>
    public static IReadOnlyList<WeeklyPeriod> DefaultWeek { get; } =
        [.. Enumerable.Range((int)DayOfWeek.Monday, 5).Select(day => new WeeklyPeriod((DayOfWeek)day, new(9, 0), new(17, 0)))];

    /// <summary>
    /// Returns the number of minutes that a doctor works from one date to another, inclusive. Minutes that a clock change skips are not counted, and minutes
    /// that it repeats are counted twice.
    /// </summary>
    /// <param name="schedule">The schedule; null for the default working hours.</param>
    /// <param name="zone">The hospital's time zone.</param>
    public static int CountMinutes(DoctorSchedule? schedule, TimeZoneInfo zone, DateOnly from, DateOnly to)
    {
        var (hours, breaks) = (schedule?.WorkingHours ?? DefaultWeek, schedule?.Breaks ?? []);
        var exceptions = (schedule?.Exceptions ?? []).Where(e => e.Date >= from && e.Date <= to).ToLookup(e => e.Date);
        var minutesPerWeekday = Enum.GetValues<DayOfWeek>().Select(day => WorkedMinutesOf(hours, breaks, day, []).Count(open => open)).ToArray();
        var sum = 0;
        for (var date = from; date <= to; date = date.AddDays(1))
            sum += ChangesClocks(date)
                ? WorkedMinutesOf(hours, breaks, date.DayOfWeek, exceptions[date]).Select((open, minute) => open ? CountOccurrences(date, minute) : 0).Sum()
                : exceptions.Contains(date) ? WorkedMinutesOf(hours, breaks, date.DayOfWeek, exceptions[date]).Count(open => open)
                : minutesPerWeekday[(int)date.DayOfWeek];
        return sum;

        bool ChangesClocks(DateOnly date) => zone.GetUtcOffset(date.ToDateTime(default)) != zone.GetUtcOffset(date.AddDays(1).ToDateTime(default));

        int CountOccurrences(DateOnly date, int minute) =>
            date.ToDateTime(default).AddMinutes(minute) is var local && zone.IsInvalidTime(local) ? 0 : zone.IsAmbiguousTime(local) ? 2 : 1;
    }

    /// <summary>Returns, for each minute of a day, whether it is worked.</summary>
    private static bool[] WorkedMinutesOf(IEnumerable<WeeklyPeriod> hours, IEnumerable<WeeklyPeriod> breaks, DayOfWeek day, IEnumerable<Absence> off)
    {
        var minutes = new bool[MinutesPerDay];
        foreach (var p in hours.Where(p => p.Weekday == day)) Mark(p.Start, p.End, true);
        foreach (var b in breaks.Where(b => b.Weekday == day)) Mark(b.Start, b.End, false);
        foreach (var e in off) Mark(e.Start ?? TimeOnly.MinValue, e.End ?? TimeOnly.MinValue, false);
        return minutes;

        void Mark(TimeOnly start, TimeOnly end, bool open)
        {
            var (first, last) = (start.Hour * 60 + start.Minute, end == TimeOnly.MinValue ? MinutesPerDay : end.Hour * 60 + end.Minute);
            if (last > first) Array.Fill(minutes, open, first, last - first);
        }
    }
}
