using MedCor.Billing.Subscriptions;
using MedCor.Contracts.Billing;

namespace MedCor.Tests.Unit.Billing;

public class BillingPeriodTests
{
    [Theory]
    [InlineData("2026-01-31", BillingCycle.Monthly, "2026-01-31 2026-02-28 2026-03-31 2026-04-30 2026-05-31")]
    [InlineData("2028-01-31", BillingCycle.Monthly, "2028-01-31 2028-02-29 2028-03-31")]
    [InlineData("2025-11-30", BillingCycle.Quarterly, "2025-11-30 2026-02-28 2026-05-30 2026-08-30")]
    [InlineData("2028-02-29", BillingCycle.Annual, "2028-02-29 2029-02-28 2030-02-28 2031-02-28 2032-02-29")]
    [InlineData("2026-12-15", BillingCycle.Monthly, "2026-12-15 2027-01-15 2027-02-15")]
    public void Periods_follow_the_day_that_the_first_began_on(string first, BillingCycle cycle, string starts)
    {
        var expected = starts.Split(' ');

        Assert.Equal(expected, Enumerable.Range(0, expected.Length).Select(n => $"{BillingPeriod.Create(DateOnly.Parse(first), cycle, n).Start:yyyy-MM-dd}"));
    }

    [Fact]
    public void Each_period_begins_when_the_previous_one_ends()
    {
        foreach (var first in Days(new(2027, 1, 1), 800))
            foreach (var cycle in Enum.GetValues<BillingCycle>())
                for (var n = 0; n < 14; n++)
                    Assert.Equal(BillingPeriod.Create(first, cycle, n).End, BillingPeriod.Create(first, cycle, n + 1).Start);
    }

    [Fact]
    public void Proration_at_any_day_adds_up_to_the_full_price()
    {
        var chance = new Random(20261124);
        foreach (var first in Days(new(2027, 12, 1), 500))
            foreach (var cycle in Enum.GetValues<BillingCycle>())
            {
                var period = BillingPeriod.Create(first, cycle, chance.Next(14));
                var price = chance.NextInt64(1, 2_000_000);
                DateOnly[] cuts = [period.Start, .. Enumerable.Range(0, 6)
                    .Select(_ => period.Start.AddDays(chance.Next(period.End.DayNumber - period.Start.DayNumber))).Order(), period.End];

                var parts = cuts.Zip(cuts.Skip(1), (from, to) => period.Prorate(price, from) - period.Prorate(price, to)).ToArray();

                Assert.Equal(price, parts.Sum());
                Assert.All(cuts.Zip(cuts.Skip(1)).Zip(parts), part =>
                {
                    var ((from, to), cost) = part;
                    var exact = (decimal)price * (to.DayNumber - from.DayNumber) / (period.End.DayNumber - period.Start.DayNumber);
                    Assert.InRange(cost, Math.Floor(exact), Math.Ceiling(exact));
                });
            }
    }

    [Fact]
    public void Before_its_start_a_period_is_whole_and_after_its_end_nothing_is_left()
    {
        var period = BillingPeriod.Create(new(2026, 1, 31), BillingCycle.Monthly, 1);

        Assert.Equal(19900, period.Prorate(19900, period.Start.AddDays(-1)));
        Assert.Equal(19900, period.Prorate(19900, period.Start));
        Assert.Equal(0, period.Prorate(19900, period.End));
    }

    private static IEnumerable<DateOnly> Days(DateOnly first, int count) => Enumerable.Range(0, count).Select(first.AddDays);
}
