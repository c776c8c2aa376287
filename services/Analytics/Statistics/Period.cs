using MedCor.Contracts.Analytics;

namespace MedCor.Analytics.Statistics;

/// <summary>Represents a range of days, both ends inclusive.</summary>
internal readonly record struct Period(DateOnly From, DateOnly To)
{
    /// <summary>Returns the period that contains a day.</summary>
    internal static Period Containing(ReportPeriod kind, DateOnly day) => kind switch
    {
        ReportPeriod.Daily => new(day, day),
        ReportPeriod.Weekly => StartingAt(day.AddDays(-(((int)day.DayOfWeek + 6) % 7)), d => d.AddDays(7)),
        ReportPeriod.Monthly => StartingAt(new(day.Year, day.Month, 1), d => d.AddMonths(1)),
        ReportPeriod.Quarterly => StartingAt(new(day.Year, (day.Month - 1) / 3 * 3 + 1, 1), d => d.AddMonths(3)),
        ReportPeriod.Yearly => StartingAt(new(day.Year, 1, 1), d => d.AddYears(1)),
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    private static Period StartingAt(DateOnly from, Func<DateOnly, DateOnly> next) => new(from, next(from).AddDays(-1));
}
