using System.ComponentModel.DataAnnotations;
using System.Text.RegularExpressions;

namespace MedCor.Contracts;

/// <summary>An IANA time zone name, of whatever age and case. It is kept under its present name.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class TimeZoneNameAttribute : Attribute
{
    /// <summary>No name is longer, in characters.</summary>
    public const int MaxLength = 64;
}

/// <summary>A secret, token or key of the sender's: read as it was sent, character for character, where other text is trimmed and normalized.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class OpaqueAttribute : Attribute;

/// <summary>A text of several lines: line ends and tabs may stand in it, which no other text takes.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class MultilineAttribute : Attribute;

/// <summary>A parameter of a change that is not a field's new value, such as a reason or a note that is added: null is the same as leaving it out.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class NotAFieldAttribute : Attribute;

/// <summary>Never null in an answer. Null stands for what an event of a version before does not tell.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class NeverNullInResponseAttribute : Attribute;

/// <summary>What each text of a list must be, whatever the others are.</summary>
[AttributeUsage(AttributeTargets.Property)]
public abstract class EachElementAttribute : ValidationAttribute
{
    /// <inheritdoc/>
    public override bool IsValid(object? value) => value is not IEnumerable<string?> texts || texts.All(IsValidElement);

    /// <summary>Whether a single text is right.</summary>
    protected abstract bool IsValidElement(string? text);
}

/// <summary>How long each text of a list may be.</summary>
public sealed class EachElementLengthAttribute : EachElementAttribute
{
    public EachElementLengthAttribute(int least, int most) => (MinimumLength, MaximumLength, ErrorMessage) = (least, most, $"must have entries of {least} to {most} characters each");

    public int MinimumLength { get; }
    public int MaximumLength { get; }

    /// <inheritdoc/>
    protected override bool IsValidElement(string? text) => text?.EnumerateRunes().Count() is { } length && length >= MinimumLength && length <= MaximumLength;
}

/// <summary>Between which bounds each whole number of a list lies.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class EachRangeAttribute : ValidationAttribute
{
    public EachRangeAttribute(int least, int most) => (Least, Most, ErrorMessage) = (least, most, $"must be numbers from {least} to {most}");

    public int Least { get; }
    public int Most { get; }

    /// <inheritdoc/>
    public override bool IsValid(object? value) => value is not IReadOnlyList<int> numbers || numbers.All(n => n >= Least && n <= Most);
}

/// <summary>A list in which nothing stands twice: who repeats an entry means another one, or has entered it once too often.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class UniqueItemsAttribute : Attribute;

/// <summary>A day near enough to reckon with: the day after it, its week and its year exist, at every clock.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class PlausibleDateAttribute() : ValidationAttribute($"must be a day of the years {FirstYear} to {LastYear}")
{
    private const int FirstYear = 1900, LastYear = 2199;

    /// <summary>The same, as JSON Schema can say it.</summary>
    public const string Pattern = "^(?:19|2[01])";

    public override bool IsValid(object? value) => value is null or DateOnly { Year: >= FirstYear and <= LastYear };
}

/// <summary>A day on which something of somebody living has happened: they were born, or certified. Which day is today, a hospital's clocks say: whoever reads it asks <see cref="FindFutureError"/>.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class PastDateAttribute() : ValidationAttribute($"must be a day from {FirstYear}-01-01 on, and not of the future")
{
    private const int FirstYear = 1900, LastYear = 2099;

    /// <summary>As much of it as JSON Schema can say, which knows no today.</summary>
    public const string Pattern = "^(?:19|20)";

    public override bool IsValid(object? value) => value is null or DateOnly { Year: >= FirstYear and <= LastYear };

    /// <summary>Says why nothing can have happened on a day; null when it can.</summary>
    /// <param name="today">By the hospital's clocks.</param>
    public static string? FindFutureError(DateOnly? day, DateOnly today) => day > today ? FormattableString.Invariant($"must not be after today, {today:yyyy-MM-dd} by the hospital's clocks") : null;
}

/// <summary>A telephone number, however it is grouped: digits, spaces, <c>+</c>, <c>-</c>, <c>.</c>, <c>/</c>, parentheses, and <c>ext</c> or <c>x</c> before an extension.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed partial class PhoneNumberAttribute() : ValidationAttribute("must be a phone number such as +49 30 5550112: digits, spaces, + - . / ( ) and x or ext, with a digit at least")
{
    /// <summary>The same, as JSON Schema can say it, without the beginning and the end of the text.</summary>
    public const string Pattern = "(?=.*[0-9])(?:[0-9 +./()-]|[xX]|[eE][xX][tT])+";

    /// <summary>A number to show how one looks.</summary>
    public const string Example = "+49 30 5550112";

    public override bool IsValid(object? value) => value is null || (value is string text && Whole().IsMatch(text));

    [GeneratedRegex($@"\A{Pattern}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Whole();
}

/// <summary>A name under which older clients send a parameter. It is read as the parameter's own, and not listed.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class AliasAttribute(string name) : Attribute
{
    public string Name => name;
}
