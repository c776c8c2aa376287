using System.ComponentModel.DataAnnotations;

namespace MedCor.Contracts;

/// <summary>An IANA time zone name that this machine knows.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class TimeZoneNameAttribute() : ValidationAttribute("must be an IANA time zone name such as Europe/Berlin")
{
    /// <summary>No name is longer.</summary>
    public const int Longest = 64;

    public override bool IsValid(object? value) =>
        value is null || (value is string { Length: <= Longest } name && TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone) && zone.HasIanaId);
}
