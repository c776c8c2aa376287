using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Linq.Expressions;
using System.Text;
using System.Text.RegularExpressions;
using MedCor.Platform.Database;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Platform.Querying;

/// <summary>Builds the conditions of a search: its terms, compared without regard to case, accents and Unicode form.</summary>
internal static partial class TextSearch
{
    /// <summary>Returns the terms of a search, all of which must be found: its words, or the whole text when it consists of separators only.</summary>
    internal static string[] SplitTerms(string search)
    {
        string[] words = [.. Separators().Split(search).Select(word => word.TrimEnd('.')).Where(word => word.Length > 0).Distinct(StringComparer.Ordinal)];
        return words.Length > 0 ? words : [search.Trim()];
    }

    /// <summary>
    /// Returns whether a trigram index finds a text wherever it occurs: whether it has three consecutive code points that are letters or digits to PostgreSQL,
    /// as ASCII punctuation becomes by <c>search_letters</c>. Marks and invisible characters are folded away and do not count.
    /// </summary>
    internal static bool HasTrigram(string text)
    {
        var consecutive = 0;
        foreach (var rune in text.EnumerateRunes())
            if (IsFoldedAway(Rune.GetUnicodeCategory(rune))) continue;
            else if (!Rune.IsLetterOrDigit(rune) && !(rune.IsAscii && (Rune.IsPunctuation(rune) || Rune.IsSymbol(rune)))) consecutive = 0;
            else if (++consecutive == 3) return true;
        return false;
    }

    private static bool IsFoldedAway(UnicodeCategory category) =>
        category is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark or UnicodeCategory.Format;

    /// <summary>Returns the condition that a row's searchable text contains a term.</summary>
    internal static Expression<Func<T, bool>> Matches<T>(Expression<Func<T, string>> searchable, Expression term) =>
        Combine(searchable, (text, sought) => EF.Functions.ILike(text, TextFunctions.ToPattern(sought), "\\"), term);

    /// <summary>Returns the condition that a row's text contains another text, both folded.</summary>
    internal static Expression<Func<T, bool>> Contains<T>(Expression<Func<T, string>> of, Expression part) =>
        Combine(of, (text, sought) => TextFunctions.Fold(text).Contains(TextFunctions.Fold(sought)), part);

    /// <summary>Combines a row's text and a parameter in a condition.</summary>
    private static Expression<Func<T, bool>> Combine<T>(Expression<Func<T, string>> of,
        Expression<Func<string, string, bool>> condition, Expression parameter) =>
            Expression.Lambda<Func<T, bool>>(ReplaceIn(ReplaceIn(condition.Body, condition.Parameters[1], parameter), condition.Parameters[0], of.Body),
                of.Parameters);

    /// <summary>Replaces a part of an expression.</summary>
    private static Expression ReplaceIn(Expression all, Expression from, Expression to) => new ReplacingVisitor(from, to).Visit(all);

    [GeneratedRegex(@"[\s,;]+")]
    private static partial Regex Separators();

    private sealed class ReplacingVisitor(Expression from, Expression to) : ExpressionVisitor
    {
        [return: NotNullIfNotNull(nameof(node))]
        public override Expression? Visit(Expression? node) => node == from ? to : base.Visit(node);
    }
}
