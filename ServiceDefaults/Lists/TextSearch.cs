using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Linq.Expressions;
using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.EntityFrameworkCore;

namespace MedCor.ServiceDefaults.Lists;

/// <summary>
/// Compares text as people mean it, in PostgreSQL: the functions of the migration <c>0008_search</c>, which fold both what is stored and what is asked for.
/// For queries alone: nothing here can be called.
/// </summary>
public static partial class TextSearch
{
    /// <summary>A text without regard to case, accents and Unicode form.</summary>
    [DbFunction("folded_text")]
    public static string Fold(string value) => throw QueryOnly();

    /// <summary>A text as terms are looked for in it.</summary>
    [DbFunction("searchable_text")]
    internal static string ToSearchable(string value) => throw QueryOnly();

    /// <summary>The pattern that finds a term in a searchable text.</summary>
    [DbFunction("search_pattern")]
    internal static string ToPattern(string term) => throw QueryOnly();

    /// <summary>Makes the functions known to EF Core.</summary>
    internal static void AddFunctions(ModelBuilder model)
    {
        foreach (var name in (string[])[nameof(Fold), nameof(ToSearchable), nameof(ToPattern)])
            model.HasDbFunction(typeof(TextSearch).GetMethod(name, BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)!);
    }

    /// <summary>The terms of a search, all of which must be found: its words; of what is nothing but separators, all of it.</summary>
    internal static string[] SplitTerms(string search)
    {
        string[] words = [.. Separators().Split(search).Select(word => word.TrimEnd('.')).Where(word => word.Length > 0).Distinct(StringComparer.Ordinal)];
        return words.Length > 0 ? words : [search.Trim()];
    }

    /// <summary>
    /// Whether an index of trigrams finds a text wherever it stands: with three code points in a row that are letters or digits to PostgreSQL, as ASCII's punctuation becomes by
    /// <c>search_letters</c>. Marks and what is not seen are folded away, and count for none.
    /// </summary>
    internal static bool HasTrigram(string text)
    {
        var inARow = 0;
        foreach (var rune in text.EnumerateRunes())
            if (IsFoldedAway(Rune.GetUnicodeCategory(rune))) continue;
            else if (!Rune.IsLetterOrDigit(rune) && !(rune.IsAscii && (Rune.IsPunctuation(rune) || Rune.IsSymbol(rune)))) inARow = 0;
            else if (++inARow == 3) return true;
        return false;
    }

    private static bool IsFoldedAway(UnicodeCategory category) =>
        category is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark or UnicodeCategory.Format;

    /// <summary>Whether a row's searchable text has this term.</summary>
    internal static Expression<Func<T, bool>> Matches<T>(Expression<Func<T, string>> searchable, Expression term) =>
        Combine(searchable, (text, sought) => EF.Functions.ILike(text, ToPattern(sought), "\\"), term);

    /// <summary>Whether a row's text contains this one, both folded.</summary>
    internal static Expression<Func<T, bool>> Contains<T>(Expression<Func<T, string>> of, Expression part) =>
        Combine(of, (text, sought) => Fold(text).Contains(Fold(sought)), part);

    /// <summary>A condition on a row's text and a parameter.</summary>
    private static Expression<Func<T, bool>> Combine<T>(Expression<Func<T, string>> of, Expression<Func<string, string, bool>> condition, Expression parameter) =>
        Expression.Lambda<Func<T, bool>>(ReplaceIn(ReplaceIn(condition.Body, condition.Parameters[1], parameter), condition.Parameters[0], of.Body), of.Parameters);

    /// <summary>An expression with one part of it exchanged.</summary>
    private static Expression ReplaceIn(Expression all, Expression what, Expression with) => new ReplacingVisitor(what, with).Visit(all);

    private static NotSupportedException QueryOnly() => new("PostgreSQL computes this.");

    [GeneratedRegex(@"[\s,;]+")]
    private static partial Regex Separators();

    private sealed class ReplacingVisitor(Expression what, Expression with) : ExpressionVisitor
    {
        [return: NotNullIfNotNull(nameof(node))]
        public override Expression? Visit(Expression? node) => node == what ? with : base.Visit(node);
    }
}
