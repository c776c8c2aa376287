using System.ComponentModel.DataAnnotations;

namespace MedCor.Contracts;

/// <summary>Requires a date that is safe to calculate with: the day after it, its week and its year exist in every time zone.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class PlausibleDateAttribute() : ValidationAttribute($"must be a day of the years {FirstYear} to {LastYear}")
{
    private const int FirstYear = 1900, LastYear = 2199;

    /// <summary>The same rule as a JSON Schema pattern.</summary>
    public const string Pattern = "^(?:19|2[01])";

    public override bool IsValid(object? value) => value is null or DateOnly { Year: >= FirstYear and <= LastYear };
}

/// <summary>
/// Requires the date of a past event in the life of a living person, such as birth or certification. Which day is today depends on the hospital's time zone, so
/// the reading code calls <see cref="FindFutureError"/>.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class PastDateAttribute() : ValidationAttribute($"must be a day from {FirstYear}-01-01 on, and not of the future")
{
    private const int FirstYear = 1900, LastYear = 2099;

    /// <summary>The rule as a JSON Schema pattern, as far as possible: a schema does not know today's date.</summary>
    public const string Pattern = "^(?:19|20)";

    public override bool IsValid(object? value) => value is null or DateOnly { Year: >= FirstYear and <= LastYear };

    /// <summary>Returns why nothing can have happened on a day yet, or null when it can.</summary>
    /// <param name="today">Today's date, in the hospital's time zone.</param>
    public static string? FindFutureError(DateOnly? day, DateOnly today) =>
        day > today ? FormattableString.Invariant($"must not be after today, {today:yyyy-MM-dd} by the hospital's clocks") : null;
}

/// <summary>
/// Requires the date of something planned in the life of a living person, such as a follow-up visit or the end of an insurance: today or later, and at most ten
/// years ahead. Which day is today depends on the hospital's time zone, so the reading code calls <see cref="FindError"/>.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class PlannedDateAttribute() : ValidationAttribute($"must be a day from today on, and at most {YearsAhead} years ahead")
{
    private const int FirstYear = 1900, LastYear = 2099, YearsAhead = 10;

    /// <summary>The rule as a JSON Schema pattern, as far as possible: a schema does not know today's date.</summary>
    public const string Pattern = "^(?:19|20)";

    public override bool IsValid(object? value) => value is null or DateOnly { Year: >= FirstYear and <= LastYear };

    /// <summary>Returns why nothing can be planned for a day, or null when it can.</summary>
    /// <param name="today">Today's date, in the hospital's time zone.</param>
    public static string? FindError(DateOnly? day, DateOnly today) =>
        day < today ? FormattableString.Invariant($"must not be before today, {today:yyyy-MM-dd} by the hospital's clocks") : FindTooFarError(day, today);

    /// <summary>Returns why a day is too far ahead, or null when it is not.</summary>
    /// <param name="today">Today's date, in the hospital's time zone.</param>
    public static string? FindTooFarError(DateOnly? day, DateOnly today) =>
        day > today.AddYears(YearsAhead)
            ? FormattableString.Invariant($"must not be after {today.AddYears(YearsAhead):yyyy-MM-dd}, {YearsAhead} years from today")
            : null;
}
