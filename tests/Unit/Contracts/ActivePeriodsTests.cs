using MedCor.Contracts;

namespace MedCor.Tests.Unit.Contracts;

public class ActivePeriodsTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 8, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_period_begins_and_ends_with_the_activity_and_repetitions_change_nothing()
    {
        var periods = ActivePeriods.None.Continue(false, Start).Continue(true, Start).Continue(true, Start.AddDays(1))
            .Continue(false, Start.AddDays(2)).Continue(false, Start.AddDays(3)).Continue(true, Start.AddDays(4));

        Assert.Equal([new(Start, Start.AddDays(2)), new(Start.AddDays(4))], periods.Periods);
    }

    [Fact]
    public void However_often_the_activity_changes_the_latest_periods_are_exact_and_the_earliest_begins_as_it_did()
    {
        var periods = ActivePeriods.None;
        for (var hour = 0; hour < 1000; hour++) periods = periods.Continue(hour % 2 == 0, Start.AddHours(hour));

        Assert.Equal(ActivePeriods.MaxPeriods, periods.Periods.Count);
        Assert.Equal(Start, periods.Periods[0].From);
        Assert.Equal(new(Start.AddHours(996), Start.AddHours(997)), periods.Periods[^2]);
        Assert.Equal(new(Start.AddHours(998), Start.AddHours(999)), periods.Periods[^1]);
        Assert.All(periods.Periods.Skip(1).Zip(periods.Periods), pair => Assert.True(pair.Second.To < pair.First.From));
    }
}
