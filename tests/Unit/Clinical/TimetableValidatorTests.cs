using MedCor.Clinical.Scheduling;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;

namespace MedCor.Tests.Unit.Clinical;

public sealed class TimetableValidatorTests
{
    private static readonly WeeklyPeriod Morning = new(DayOfWeek.Monday, new(9, 0), new(12, 0));

    [Fact]
    public void A_valid_timetable_is_accepted_unchanged()
    {
        var timetable = Check(Asked([Morning, new(DayOfWeek.Monday, new(12, 0), new(0, 0))], [new(DayOfWeek.Monday, new(10, 0), new(10, 15))],
            [new(new(2027, 5, 1))]));
        Assert.Equal(2, timetable.WorkingHours.Count);
        Assert.Single(timetable.Breaks);
        Assert.Single(timetable.Exceptions);
    }

    [Fact]
    public void A_timetable_without_working_hours_is_valid() => Assert.Empty(Check(Asked([])).WorkingHours);

    [Fact]
    public void Every_entry_that_makes_no_sense_is_named()
    {
        var invalid = Assert.Throws<ValidationFailed>(() => Check(Asked(
            [
                Morning,
                new(DayOfWeek.Monday, new(11, 59), new(13, 0)),
                new(DayOfWeek.Tuesday, new(9, 0), new(9, 0)),
                new(DayOfWeek.Wednesday, new(9, 0, 30), new(12, 0)),
                new(DayOfWeek.Thursday, new(9, 0), new(9, 20)),
            ],
            [new(DayOfWeek.Friday, new(10, 0), new(10, 15)), new(DayOfWeek.Monday, new(11, 0), new(10, 0))],
            [new(new(2027, 5, 1), new(9, 0)), new(new(2027, 5, 1), new(9, 0), new(8, 0))])));

        Assert.Equal(
            ["breaks[0]", "breaks[1].end", "exceptions[0]", "exceptions[1].end", "working_hours[1]", "working_hours[2].end",
                "working_hours[3].start", "working_hours[4]"],
            invalid.Details.Select(d => d.Key).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_same_hours_on_different_weekdays_do_not_overlap() =>
        Assert.Equal(2, Check(Asked([Morning, Morning with { Weekday = DayOfWeek.Tuesday }])).WorkingHours.Count);

    [Fact]
    public void No_day_is_entered_twice_except_as_it_was_kept()
    {
        var day = new DateOnly(2027, 5, 1);
        Absence whole = new(day), morning = new(day, new(9, 0), new(12, 0)), afternoon = new(day, new(12, 0), new(0, 0));

        Assert.Equal(2, Check(Asked([Morning], exceptions: [morning, afternoon])).Exceptions.Count);
        foreach (var twice in (Absence[][])[[whole, whole], [whole, morning], [afternoon, whole], [morning, morning with { Reason = "Leave" }],
            [morning, morning with { Start = new(11, 59) }]])
        {
            Assert.Equal("exceptions[1]", Assert.Single(Assert.Throws<ValidationFailed>(() => Check(Asked([Morning], exceptions: twice))).Details).Key);
            Assert.Equal(2, Check(Asked([Morning], exceptions: twice), kept: twice).Exceptions.Count);
            Assert.Throws<ValidationFailed>(() => Check(Asked([Morning], exceptions: twice), kept: [twice[0]]));
        }
    }

    [Fact]
    public void No_absence_is_more_than_ten_years_ahead_except_as_it_was_kept()
    {
        Absence last = new(new(2036, 11, 29)), later = new(new(2036, 11, 30));

        Assert.Single(Check(Asked([Morning], exceptions: [last])).Exceptions);
        var refused = Assert.Throws<ValidationFailed>(() => Check(Asked([Morning], exceptions: [last, later]))).Details;
        Assert.Equal("must not be after 2036-11-29, 10 years from today", (string?)Assert.Single(refused, d => d.Key == "exceptions[1].date").Value![0]);
        Assert.Single(Check(Asked([Morning], exceptions: [later]), kept: [later]).Exceptions);
    }

    private static Timetable Check(SetDoctorSchedule asked, Absence[]? kept = null)
    {
        var errors = new Dictionary<string, List<string>>();
        TimetableValidator.AddErrors(asked, new(errors));
        return errors.Count > 0 ? throw new ValidationFailed(errors) : TimetableValidator.Validate(asked, kept ?? [], today: new(2026, 11, 29));
    }

    private static SetDoctorSchedule Asked(WeeklyPeriod[] hours, WeeklyPeriod[]? breaks = null, Absence[]? exceptions = null) =>
        new(Guid.NewGuid(), hours, 30, breaks, exceptions);
}
