namespace MedCor.Contracts.Clinical;

/// <summary>Calculates the days on which an appointment can begin, in the hospital's time zone.</summary>
public static class BookableDays
{
    /// <summary>The number of days ahead that can be booked. It is limited because time zones change their rules and a calendar must have an end.</summary>
    private const int Ahead = 2 * 366;

    /// <summary>Returns the last bookable day.</summary>
    public static DateOnly Last(DateOnly today) => today.AddDays(Ahead);

    /// <summary>Returns why nothing can be booked on a day, or null when the day is bookable.</summary>
    public static string? WhatIsWrong(DateOnly day, DateOnly today) =>
        day < today ? "is past"
        : day > Last(today) ? FormattableString.Invariant($"is too far ahead; the last day that can be booked is {Last(today):yyyy-MM-dd}")
        : null;
}
