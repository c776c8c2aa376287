using MedCor.Contracts.Billing;

namespace MedCor.Billing.Subscriptions;

/// <summary>A stretch of days that is charged at once.</summary>
/// <param name="End">The day on which the next one begins.</param>
internal readonly record struct BillingPeriod(DateOnly Start, DateOnly End)
{
    private int Days => End.DayNumber - Start.DayNumber;

    /// <summary>The n-th period, from 0, of a subscription. Counted from its first day each time: 31 January, 28 February, 31 March.</summary>
    internal static BillingPeriod Create(DateOnly first, BillingCycle cycle, int n)
    {
        var months = cycle switch
        {
            BillingCycle.Monthly => 1,
            BillingCycle.Quarterly => 3,
            BillingCycle.Annual => 12,
            _ => throw new ArgumentOutOfRangeException(nameof(cycle)),
        };
        return new(first.AddMonths(months * n), first.AddMonths(months * (n + 1)));
    }

    /// <summary>
    /// What the days from one on cost, of a price for the whole. What is rounded is the days before, from the period's start, so that wherever a period is cut, and
    /// however often, the parts make the whole.
    /// </summary>
    internal long Prorate(long price, DateOnly from)
    {
        var before = Math.Clamp(from.DayNumber - Start.DayNumber, 0, Days);
        return price - (2 * price * before + Days) / (2 * Days);
    }
}
