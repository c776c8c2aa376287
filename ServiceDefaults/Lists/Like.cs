using System.Linq.Expressions;
using Microsoft.EntityFrameworkCore;

namespace MedCor.ServiceDefaults.Lists;

/// <summary>Patterns for <c>ILIKE</c>.</summary>
public static class Like
{
    /// <summary>Matches text that contains this, in which <c>%</c>, <c>_</c> and <c>\</c> mean themselves.</summary>
    public static string Containing(string text) => $"%{Exactly(text)}%";

    /// <summary>Matches this text whatever its case.</summary>
    public static string Exactly(string text) => text.Replace("\\", "\\\\").Replace("%", "\\%").Replace("_", "\\_");

    /// <summary>Whether a row's text contains this, whatever the case.</summary>
    internal static Expression<Func<T, bool>> In<T>(Expression<Func<T, string>> of, string text)
    {
        var pattern = Containing(text);
        Expression<Func<string, bool>> matches = value => EF.Functions.ILike(value, pattern);
        return Expression.Lambda<Func<T, bool>>(new Replace(matches.Parameters[0], of.Body).Visit(matches.Body)!, of.Parameters);
    }

    private sealed class Replace(Expression what, Expression with) : ExpressionVisitor
    {
        public override Expression? Visit(Expression? node) => node == what ? with : base.Visit(node);
    }
}
