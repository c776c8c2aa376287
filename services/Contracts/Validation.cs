using System.ComponentModel.DataAnnotations;

namespace MedCor.Contracts;

/// <summary>An IANA time zone name that this machine knows.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class TimeZoneNameAttribute() : ValidationAttribute("must be an IANA time zone name such as Europe/Berlin")
{
    public override bool IsValid(object? value) =>
        value is null || (value is string { Length: <= 64 } name && TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone) && zone.HasIanaId);
}
