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
