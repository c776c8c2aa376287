using System.Reflection;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Platform.Database;

/// <summary>
/// Maps the functions of the migration <c>0008_search</c>, by which PostgreSQL compares text without regard to case, accents and Unicode form. They translate to SQL; called elsewhere they throw
/// <see cref="NotSupportedException"/>.
/// </summary>
public static class TextFunctions
{
    /// <summary>
    /// The collation of texts that people write, where a list is sorted by them: accents and case decide between what is alike without them. An index that a list is read off needs the same.
    /// Deterministic: equal is what is equal to the byte.
    /// </summary>
    public const string NameCollation = "und-x-icu";

    /// <summary>Folds a text: without case, accents and Unicode form.</summary>
    [DbFunction("folded_text")]
    public static string Fold(string value) => throw QueryOnly();

    /// <summary>Folds a text into the form in which search terms are looked for.</summary>
    [DbFunction("searchable_text")]
    internal static string ToSearchable(string value) => throw QueryOnly();

    /// <summary>Returns the LIKE pattern that finds a term in a searchable text.</summary>
    [DbFunction("search_pattern")]
    internal static string ToPattern(string term) => throw QueryOnly();

    /// <summary>Makes the functions known to EF Core.</summary>
    internal static void AddTo(ModelBuilder model)
    {
        foreach (var name in (string[])[nameof(Fold), nameof(ToSearchable), nameof(ToPattern)])
            model.HasDbFunction(typeof(TextFunctions).GetMethod(name, BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)!);
    }

    private static NotSupportedException QueryOnly() => new("PostgreSQL computes this.");
}
