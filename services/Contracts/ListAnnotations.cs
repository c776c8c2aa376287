using System.ComponentModel.DataAnnotations;

namespace MedCor.Contracts;

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
