using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Linq.Expressions;
using System.Text;
using System.Text.RegularExpressions;
using MedCor.Platform.Database;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Platform.Querying;

/// <summary>Builds the conditions by which a search finds a row: its terms, compared without regard to case, accents and Unicode form.</summary>
internal static partial class TextSearch
{
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
        Combine(searchable, (text, sought) => EF.Functions.ILike(text, TextFunctions.ToPattern(sought), "\\"), term);

    /// <summary>Whether a row's text contains this one, both folded.</summary>
    internal static Expression<Func<T, bool>> Contains<T>(Expression<Func<T, string>> of, Expression part) =>
        Combine(of, (text, sought) => TextFunctions.Fold(text).Contains(TextFunctions.Fold(sought)), part);

    /// <summary>A condition on a row's text and a parameter.</summary>
    private static Expression<Func<T, bool>> Combine<T>(Expression<Func<T, string>> of, Expression<Func<string, string, bool>> condition, Expression parameter) =>
        Expression.Lambda<Func<T, bool>>(ReplaceIn(ReplaceIn(condition.Body, condition.Parameters[1], parameter), condition.Parameters[0], of.Body), of.Parameters);

    /// <summary>An expression with one part of it exchanged.</summary>
    private static Expression ReplaceIn(Expression all, Expression what, Expression with) => new ReplacingVisitor(what, with).Visit(all);

    [GeneratedRegex(@"[\s,;]+")]
    private static partial Regex Separators();

    private sealed class ReplacingVisitor(Expression what, Expression with) : ExpressionVisitor
    {
        [return: NotNullIfNotNull(nameof(node))]
        public override Expression? Visit(Expression? node) => node == what ? with : base.Visit(node);
    }
}
