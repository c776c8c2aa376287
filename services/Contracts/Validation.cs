using System.ComponentModel.DataAnnotations;
using System.Text.RegularExpressions;

namespace MedCor.Contracts;

/// <summary>Requires the IANA name of a time zone, in any case and also by an outdated name. The current name is stored.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class TimeZoneNameAttribute : Attribute
{
    /// <summary>The maximum length of a name, in characters.</summary>
    public const int MaxLength = 64;
}

/// <summary>Marks a secret, token or key of the sender's. It is read exactly as sent, while other texts are trimmed and normalized.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class OpaqueAttribute : Attribute;

/// <summary>Marks a text of several lines. It may contain line ends and tabs, which no other text may.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class MultilineAttribute : Attribute;

/// <summary>Marks a parameter of an update that is not the new value of a field, such as a reason or an added note. Null is the same as omitting it.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class NotAFieldAttribute : Attribute;

/// <summary>Marks a property that is never null in a response. Null stands for a value that an event of an earlier version does not contain.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class NeverNullInResponseAttribute : Attribute;

/// <summary>Validates each text of a list by itself.</summary>
[AttributeUsage(AttributeTargets.Property)]
public abstract class EachElementAttribute : ValidationAttribute
{
    /// <inheritdoc/>
    public override bool IsValid(object? value) => value is not IEnumerable<string?> texts || texts.All(IsValidElement);

    /// <summary>Returns whether a single text is valid.</summary>
    protected abstract bool IsValidElement(string? text);
}

/// <summary>Limits the length of each text of a list, in characters.</summary>
public sealed class EachElementLengthAttribute : EachElementAttribute
{
    public EachElementLengthAttribute(int min, int max) =>
        (MinimumLength, MaximumLength, ErrorMessage) = (min, max, $"must have entries of {min} to {max} characters each");

    public int MinimumLength { get; }
    public int MaximumLength { get; }

    /// <inheritdoc/>
    protected override bool IsValidElement(string? text) => text?.EnumerateRunes().Count() is { } length && length >= MinimumLength && length <= MaximumLength;
}

/// <summary>Limits the range of each integer of a list.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class EachRangeAttribute : ValidationAttribute
{
    public EachRangeAttribute(int min, int max) => (Least, Most, ErrorMessage) = (min, max, $"must be numbers from {min} to {max}");

    public int Least { get; }
    public int Most { get; }

    /// <inheritdoc/>
    public override bool IsValid(object? value) => value is not IReadOnlyList<int> numbers || numbers.All(n => n >= Least && n <= Most);
}

/// <summary>Requires a list without duplicates. A duplicate means that the sender intended another entry, or entered one twice.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class UniqueItemsAttribute : Attribute;

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

/// <summary>
/// Requires a telephone number in any grouping: digits, spaces, <c>+</c>, <c>-</c>, <c>.</c>, <c>/</c> and parentheses. It may end with <c>ext</c> or <c>x</c>
/// and an extension.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed partial class PhoneNumberAttribute() : ValidationAttribute(
    "must be a phone number such as +49 30 5550112: digits, spaces and + - . / ( ), with a digit at least, and at its end x or ext and an extension if there "
    + "is one")
{
    /// <summary>The same rule as a JSON Schema pattern, without the anchors at the beginning and the end of the text.</summary>
    public const string Pattern = "[ +./()-]*[0-9][0-9 +./()-]*(?:(?:[xX]|[eE][xX][tT])[ .]*[0-9][0-9 ]*)?";

    /// <summary>An example of a number.</summary>
    public const string Example = "+49 30 5550112";

    public override bool IsValid(object? value) => value is null || (value is string text && Whole().IsMatch(text));

    [GeneratedRegex($@"\A{Pattern}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Whole();
}

/// <summary>Specifies a name under which older clients send a parameter. It is accepted in place of the parameter's own name and is not listed.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class AliasAttribute(string name) : Attribute
{
    public string Name => name;
}
