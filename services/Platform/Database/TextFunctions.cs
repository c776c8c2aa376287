using System.Reflection;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Platform.Database;

/// <summary>
/// Maps the functions of the migration <c>0008_search</c>, with which PostgreSQL compares text without regard to case, accents and Unicode form. They translate
/// to SQL; called elsewhere they throw <see cref="NotSupportedException"/>.
/// </summary>
public static class TextFunctions
{
    /// <summary>
    /// The collation by which lists are sorted by texts that people write: accents and case decide only between texts that are otherwise equal. An index from
    /// which such a list is read needs the same collation. The collation is deterministic: only texts that are equal to the byte are equal.
    /// </summary>
    public const string NameCollation = "und-x-icu";

    /// <summary>Folds a text: removes case, accents and differences of Unicode form.</summary>
    [DbFunction("folded_text")]
    public static string Fold(string value) => throw QueryOnly();

    /// <summary>Folds a text into the form in which search terms are matched.</summary>
    [DbFunction("searchable_text")]
    internal static string ToSearchable(string value) => throw QueryOnly();

    /// <summary>Returns the LIKE pattern that finds a term in a searchable text.</summary>
    [DbFunction("search_pattern")]
    internal static string ToPattern(string term) => throw QueryOnly();

    /// <summary>Registers the functions with EF Core.</summary>
    internal static void AddTo(ModelBuilder model)
    {
        foreach (var name in (string[])[nameof(Fold), nameof(ToSearchable), nameof(ToPattern)])
            model.HasDbFunction(typeof(TextFunctions).GetMethod(name, BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)!);
    }

    private static NotSupportedException QueryOnly() => new("PostgreSQL computes this.");
}
