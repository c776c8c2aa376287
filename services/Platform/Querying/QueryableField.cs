using System.ComponentModel.DataAnnotations;
using System.Linq.Expressions;
using System.Reflection;
using MedCor.Validation;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Platform.Querying;

/// <summary>Represents a field of a list.</summary>
public abstract class QueryableField<T>(string name, LambdaExpression of, Selectivity selects, Type type, AllowedValuesAttribute? allowed) where T : class
{
    /// <summary>Gets the field's name in the contract.</summary>
    public string Name => name;

    /// <summary>Gets whether one value matches few rows.</summary>
    internal bool IsSelective { get; } = selects.HasFlag(Selectivity.High);

    /// <summary>Gets whether a value is written into the statement.</summary>
    internal bool IsSkewed { get; } = selects.HasFlag(Selectivity.Skewed);

    /// <summary>Gets whether the search text contains the field.</summary>
    internal bool IsSearchable { get; } = selects.HasFlag(Selectivity.Searchable);

    /// <summary>Gets the type of the values; never <see cref="Nullable{T}"/>.</summary>
    public Type Type { get; } = Nullable.GetUnderlyingType(type) ?? type;

    internal bool IsNullable { get; } = type.IsValueType ? Nullable.GetUnderlyingType(type) is not null
        : WithoutCollation(of.Body) is not MemberExpression { Member: PropertyInfo property }
            || new NullabilityInfoContext().Create(property).ReadState != NullabilityState.NotNull;

    private static Expression WithoutCollation(Expression of) =>
        of is MethodCallExpression
        {
            Method: { Name: nameof(RelationalDbFunctionsExtensions.Collate), DeclaringType: var declaring }, Arguments: [_, var column, _],
        } && declaring == typeof(RelationalDbFunctionsExtensions) ? column : of;

    /// <summary>Gets whether the values have an order, so that ranges are possible. Texts are compared by the collation that they are sorted by.</summary>
    internal bool IsComparable =>
        Type == typeof(string) || Type == typeof(DateOnly) || Type == typeof(TimeOnly) || Type == typeof(DateTimeOffset) || Type == typeof(int)
        || Type == typeof(long) || Type == typeof(decimal);

    /// <summary>Returns the error in a requested value; null when the value is allowed.</summary>
    internal string? FindError(object value) => allowed?.IsValid(value) is false ? allowed.ErrorMessage : null;

    internal abstract IOrderedQueryable<T> Order(IQueryable<T> rows, bool first, bool isDescending);

    /// <summary>
    /// Returns the condition that a row's value compares to a value by an operator: <see cref="ExpressionType.Equal"/>, <see cref="ExpressionType.LessThan"/>
    /// and so on.
    /// </summary>
    internal abstract Expression<Func<T, bool>> Compare(ExpressionType operation, object? value);

    /// <summary>Returns the condition that a row's value is one of these.</summary>
    internal abstract Expression<Func<T, bool>> IsIn(IEnumerable<object?> values);

    /// <summary>Returns the condition that a row's text contains a text, whatever the case, accents and Unicode form.</summary>
    internal abstract Expression<Func<T, bool>> Contains(string text);

    /// <summary>
    /// Returns the stored forms of a value. Texts that were stored before normalization may be in the table as they were typed, with accents as separate
    /// characters.
    /// </summary>
    internal static IEnumerable<object?> GetUnicodeForms(object? value) =>
        value is string text && PlainText.Decompose(text) is var decomposed && decomposed != text ? [text, decomposed] : [value];
}

internal sealed class QueryableField<T, TKey>(string name, Expression<Func<T, TKey>> of, Selectivity selects, Func<TKey, TKey>? read,
    AllowedValuesAttribute? allowed) : QueryableField<T>(name, of, selects, typeof(TKey), allowed) where T : class
{
    internal override IOrderedQueryable<T> Order(IQueryable<T> rows, bool first, bool isDescending) => (first, isDescending) switch
    {
        (true, false) => rows.OrderBy(of),
        (true, true) => rows.OrderByDescending(of),
        (false, false) => ((IOrderedQueryable<T>)rows).ThenBy(of),
        (false, true) => ((IOrderedQueryable<T>)rows).ThenByDescending(of),
    };

    internal override Expression<Func<T, bool>> Compare(ExpressionType operation, object? value)
    {
        var operand = ToOperand(ToColumnValue(value));
        // C# has no operators that order texts.
        return Where(typeof(TKey) == typeof(string) && operation != ExpressionType.Equal
            ? Expression.MakeBinary(operation, Expression.Call(typeof(string), nameof(string.Compare), null, of.Body, operand), Expression.Constant(0))
            : Expression.MakeBinary(operation, of.Body, operand));
    }

    internal override Expression<Func<T, bool>> IsIn(IEnumerable<object?> values) =>
        Where(Expression.Call(typeof(Enumerable), nameof(Enumerable.Contains), [typeof(TKey)],
            QueryParameter.Of<IEnumerable<TKey>>([.. values.Select(ToColumnValue)]), of.Body));

    internal override Expression<Func<T, bool>> Contains(string text) =>
        TextSearch.Contains(Expression.Lambda<Func<T, string>>(of.Body, of.Parameters), QueryParameter.Of(text));

    private Expression ToOperand(TKey value) => IsSkewed ? Expression.Constant(value, typeof(TKey)) : QueryParameter.Of(value);

    private TKey ToColumnValue(object? value) => value is TKey choices && read is not null ? read(choices) : (TKey)value!;

    private Expression<Func<T, bool>> Where(Expression condition) => Expression.Lambda<Func<T, bool>>(condition, of.Parameters);
}
