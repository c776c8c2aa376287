using System.Diagnostics.CodeAnalysis;

namespace MedCor.Validation;

/// <summary>Reads the UUIDs of paths in the one spelling that parameters have as well.</summary>
public static class Uuids
{
    private const int Length = 36;

    /// <summary>Reads a UUID written as hexadecimal digits with hyphens, without spaces or braces around it.</summary>
    // Guid.TryParseExact ignores spaces around the text.
    public static bool TryParse([NotNullWhen(true)] string? text, out Guid id)
    {
        id = default;
        return text?.Length == Length && Guid.TryParseExact(text, "D", out id);
    }
}
