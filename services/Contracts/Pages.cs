using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;

namespace MedCor.Contracts;

/// <summary>Defines the parameters that every list has.</summary>
/// <typeparam name="T">The type of the listed entries.</typeparam>
public abstract record PagedTool<T> : ITool<Page<T>>
{
    /// <summary>The number of the page, starting at 1.</summary>
    [Range(1, 1_000_000), DefaultValue(1)]
    public int Page { get; init; } = 1;

    /// <summary>The maximum number of entries on a page, at most 100.</summary>
    [Range(1, 100), DefaultValue(20)]
    public int Limit { get; init; } = 20;

    /// <summary>The fields to sort by, comma-separated; a leading <c>-</c> sorts in descending order.</summary>
    /// <example>null</example>
    [MaxLength(200)]
    public string? Sort { get; init; }
}

/// <summary>Represents one page of a list.</summary>
/// <param name="Results">The rows of this page.</param>
/// <param name="Total">The number of rows on all pages, counted up to 10,000.</param>
/// <param name="Number">The number of this page, from 1.</param>
/// <param name="Limit">The maximum number of rows on a page. <example>20</example></param>
/// <param name="HasMore">Whether another page follows. <example>false</example></param>
/// <param name="TotalIsExact">false when there are more rows than were counted; absent otherwise.</param>
public sealed record Page<T>(
    [property: MaxLength(100)] IReadOnlyList<T> Results,
    long Total,
    [property: JsonPropertyName("page")] int Number,
    int Limit,
    bool HasMore,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] bool? TotalIsExact = null);
