using System.Globalization;
using MedCor.Clinical.Scheduling;
using MedCor.Contracts.Clinical;

namespace MedCor.Tests.Unit.Clinical;

public sealed class TimetableTests
{
    private static readonly HospitalClock Berlin = HospitalClock.ForZone("Europe/Berlin");
    private static readonly HospitalClock NewYork = HospitalClock.ForZone("America/New_York");
    private static readonly DateTimeOffset Before = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static readonly DateOnly Monday = new(2027, 6, 7);

    [Fact]
    public void A_free_day_has_every_slot_of_its_working_hours()
    {
        var free = Free(Week(Monday, "09:00-11:00", "14:00-15:00"), Monday, Berlin);
        Assert.Equal(["09:00", "09:30", "10:00", "10:30", "14:00", "14:30"], free);
    }

    [Fact]
    public void A_day_without_working_hours_has_none() => Assert.Empty(Free(Week(Monday, "09:00-11:00"), Monday.AddDays(1), Berlin));

    [Fact]
    public void Breaks_and_absences_are_not_free()
    {
        var timetable = Week(Monday, "09:00-12:00") with
        {
            Breaks = [new(DayOfWeek.Monday, new(10, 0), new(10, 20))],
            Exceptions = [new(Monday, new(11, 30), new(0, 0)), new(Monday.AddDays(7))],
        };
        Assert.Equal(["09:00", "09:30", "10:30", "11:00"], Free(timetable, Monday, Berlin));
        Assert.Empty(Free(timetable, Monday.AddDays(7), Berlin));
        Assert.Equal(["09:00", "09:30", "10:30", "11:00", "11:30"], Free(timetable, Monday.AddDays(14), Berlin));
    }

    [Fact]
    public void Booked_times_are_not_free_and_adjacent_ones_are()
    {
        var booked = Interval.StartingAt(Berlin.ToInstant(Monday, new(9, 45))!.Value, 30);
        Assert.Equal(["09:00", "10:30"], Free(Week(Monday, "09:00-11:00"), Monday, Berlin, taken: booked));
        var onGrid = Interval.StartingAt(Berlin.ToInstant(Monday, new(9, 30))!.Value, 30);
        Assert.Equal(["09:00", "10:00", "10:30"], Free(Week(Monday, "09:00-11:00"), Monday, Berlin, taken: onGrid));
    }

    [Fact]
    public void Past_times_are_not_free()
    {
        var now = Berlin.ToInstant(Monday, new(10, 0))!.Value;
        Assert.Equal(["10:00", "10:30"], Free(Week(Monday, "09:00-11:00"), Monday, Berlin, now: now));
        Assert.Equal(["10:30"], Free(Week(Monday, "09:00-11:00"), Monday, Berlin, now: now.AddTicks(1)));
    }

    [Fact]
    public void A_longer_appointment_needs_so_much_time_in_one_piece()
    {
        Assert.Equal(["09:00", "09:30", "11:00"], Free(Week(Monday, "09:00-10:30", "11:00-12:00"), Monday, Berlin, minutes: 60));
        Assert.Empty(Free(Week(Monday, "09:00-10:30", "11:00-12:00"), Monday, Berlin, minutes: 95));
    }

    [Fact]
    public void Working_periods_that_touch_are_one_also_over_midnight()
    {
        var night = new Timetable(30, [new(DayOfWeek.Monday, new(23, 0), new(0, 0)), new(DayOfWeek.Tuesday, new(0, 0), new(1, 0))], [], []);
        Assert.Equal(["23:00", "23:30"], Free(night, Monday, Berlin, minutes: 60));
        Assert.Equal(["00:00"], Free(night, Monday.AddDays(1), Berlin, minutes: 60));
        Assert.True(night.Covers(Monday, Interval.StartingAt(Berlin.ToInstant(Monday, new(23, 45))!.Value, 30), Berlin));
        Assert.False(night.Covers(Monday.AddDays(1), Interval.StartingAt(Berlin.ToInstant(Monday.AddDays(1), new(0, 45))!.Value, 30), Berlin));
    }

    [Fact]
    public void A_whole_day_has_its_24_hours_and_one_on_which_the_clocks_change_23_or_25()
    {
        Assert.Equal(24, Hours(Monday, Berlin));
        Assert.Equal(23, Hours(new(2027, 3, 28), Berlin));
        Assert.Equal(25, Hours(new(2027, 10, 31), Berlin));
        Assert.Equal(23, Hours(new(2027, 3, 14), NewYork));
        Assert.Equal(25, Hours(new(2027, 11, 7), NewYork));
        Assert.Equal(24.5, Hours(new(2027, 4, 4), HospitalClock.ForZone("Australia/Lord_Howe")));
        // In Cairo the clocks skip the first hour of the day.
        Assert.Equal(23, Hours(new(2027, 4, 30), HospitalClock.ForZone("Africa/Cairo")));
    }

    [Fact]
    public void Slots_that_the_clocks_skip_are_not_offered()
    {
        Assert.Equal(["01:00", "01:30", "03:00", "03:30"], Free(Week(new(2027, 3, 28), "01:00-04:00"), new(2027, 3, 28), Berlin));
        Assert.Equal(["01:00", "01:30", "03:00", "03:30"], Free(Week(new(2027, 3, 14), "01:00-04:00"), new(2027, 3, 14), NewYork));
        // One hour after 01:30 is 03:30.
        Assert.Equal(["01:00", "01:30", "03:00"], Free(Week(new(2027, 3, 28), "01:00-04:00"), new(2027, 3, 28), Berlin, minutes: 60));
    }

    [Fact]
    public void A_period_inside_the_skipped_hour_is_empty() =>
        Assert.Empty(Week(new(2027, 3, 28), "02:00-03:00").WorkingIntervals(new(2027, 3, 28), Berlin));

    [Fact]
    public void Slots_that_the_clocks_show_twice_are_offered_once_and_mean_the_earlier()
    {
        var day = new DateOnly(2027, 10, 31);
        var timetable = Week(day, "01:30-03:30");
        Assert.Equal(["01:30", "02:00", "02:30", "03:00"], Free(timetable, day, Berlin));

        var first = Interval.StartingAt(DateTimeOffset.Parse("2027-10-31T00:30:00Z", CultureInfo.InvariantCulture), 30);
        var second = Interval.StartingAt(DateTimeOffset.Parse("2027-10-31T01:30:00Z", CultureInfo.InvariantCulture), 30);
        Assert.Equal(["01:30", "02:00", "03:00"], Free(timetable, day, Berlin, taken: first));
        Assert.Equal(["01:30", "02:00", "02:30", "03:00"], Free(timetable, day, Berlin, taken: second));
    }

    [Fact]
    public void The_last_slot_of_the_day_may_end_at_midnight() =>
        Assert.Equal(["23:00", "23:30"], Free(Week(Monday, "23:00-00:00"), Monday, Berlin));

    [Fact]
    public void The_default_timetable_is_weekdays_from_9_to_5()
    {
        Assert.Equal(16, Free(Timetable.Default, Monday, Berlin).Count);
        Assert.Equal(16, Free(Timetable.Default, Monday.AddDays(4), Berlin).Count);
        Assert.Empty(Free(Timetable.Default, Monday.AddDays(5), Berlin));
        Assert.Empty(Free(Timetable.Default, Monday.AddDays(6), Berlin));
    }

    private static double Hours(DateOnly date, HospitalClock clock)
    {
        var open = Assert.Single(Week(date, "00:00-00:00").WorkingIntervals(date, clock));
        return (open.End - open.Start).TotalHours;
    }

    /// <summary>Returns a timetable with these hours on the weekday of the date.</summary>
    private static Timetable Week(DateOnly date, params string[] hours) => new(
        30,
        [.. hours.Select(h => h.Split('-')).Select(
            h => new WeeklyPeriod(date.DayOfWeek, TimeOnly.Parse(h[0], CultureInfo.InvariantCulture), TimeOnly.Parse(h[1], CultureInfo.InvariantCulture)))],
        [],
        []);

    private static List<string> Free(Timetable timetable, DateOnly date, HospitalClock clock, int minutes = 30, Interval? taken = null,
        DateTimeOffset? now = null) =>
            [.. timetable.FreeTimes(date, minutes, clock, taken is { } t ? [t] : [], now ?? Before)
                .Select(t => t.ToString("HH:mm", CultureInfo.InvariantCulture))];
}
