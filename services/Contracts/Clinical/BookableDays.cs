namespace MedCor.Contracts.Clinical;

/// <summary>The days on which an appointment can begin, by the clocks of the hospital.</summary>
public static class BookableDays
{
    /// <summary>Further ahead nothing is booked: zones change their rules, and a calendar has to end somewhere.</summary>
    private const int Ahead = 2 * 366;

    /// <summary>The last of them.</summary>
    public static DateOnly Last(DateOnly today) => today.AddDays(Ahead);

    /// <summary>Says why nothing can be booked on a day; null when it is one of them.</summary>
    public static string? WhatIsWrong(DateOnly day, DateOnly today) =>
        day < today ? "is past" : day > Last(today) ? FormattableString.Invariant($"is too far ahead; the last day that can be booked is {Last(today):yyyy-MM-dd}") : null;
}
