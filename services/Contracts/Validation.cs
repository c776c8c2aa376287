using System.ComponentModel.DataAnnotations;

namespace MedCor.Contracts;

/// <summary>An IANA time zone name that this machine knows.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class TimeZoneNameAttribute() : ValidationAttribute("must be an IANA time zone name such as Europe/Berlin")
{
    public override bool IsValid(object? value) =>
        value is null || (value is string { Length: <= 64 } name && TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone) && zone.HasIanaId);
}

/// <summary>How long each text of a list may be.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class EachLengthAttribute : ValidationAttribute
{
    public EachLengthAttribute(int least, int most) => (Least, Most, ErrorMessage) = (least, most, $"must have entries of {least} to {most} characters each");

    public int Least { get; }
    public int Most { get; }

    public override bool IsValid(object? value) =>
        value is not IEnumerable<string?> texts || texts.All(text => text?.Length is { } length && length >= Least && length <= Most);
}

/// <summary>A day near enough to reckon with: the day after it, its week and its year exist, at every clock.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class NearDayAttribute() : ValidationAttribute($"must be a day of the years {First} to {Last}")
{
    private const int First = 1900, Last = 2199;

    public override bool IsValid(object? value) => value is null or DateOnly { Year: >= First and <= Last };
}

/// <summary>A name under which older clients send a parameter. It is read as the parameter's own, and not listed.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class AlsoNamedAttribute(string name) : Attribute
{
    public string Name => name;
}
