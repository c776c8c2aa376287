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
