using MedCor.Contracts.Billing;

namespace MedCor.Billing.Subscriptions;

/// <summary>Represents a range of days that is charged at once.</summary>
/// <param name="End">The first day of the next period.</param>
internal readonly record struct BillingPeriod(DateOnly Start, DateOnly End)
{
    private int Days => End.DayNumber - Start.DayNumber;

    /// <summary>
    /// Returns the n-th period of a subscription, counted from 0. Each period is computed from the first day
    /// of the subscription: 31 January, 28 February, 31 March.
    /// </summary>
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
    /// Returns the share of a period's price for the days from a given day on. Rounding applies to the days before it, from the start of the period, so that
    /// the parts add up to the whole wherever and however often the period is split.
    /// </summary>
    internal long Prorate(long price, DateOnly from)
    {
        var before = Math.Clamp(from.DayNumber - Start.DayNumber, 0, Days);
        return price - (2 * price * before + Days) / (2 * Days);
    }
}
