using System.ComponentModel.DataAnnotations;
using System.Linq.Expressions;
using System.Reflection;
using MedCor.Validation;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Platform.Querying;

/// <summary>Specifies how many rows of a hospital one value of a field matches, and whether part of the value finds them.</summary>
[Flags]
public enum Selectivity
{
    /// <summary>The number of matching rows grows with the hospital, as for a status or a day.</summary>
    Low = 0,

    /// <summary>The matching rows are those of one person or thing, however large the hospital; an index finds them.</summary>
    High = 1,

    /// <summary>Part of a value is found as well, by the trigram index on the list's <see cref="QueryableFields{T}.SearchText"/>, which contains it.</summary>
    Searchable = 2,

    /// <summary>
    /// Nearly all rows have one of the field's few values, and an index that begins with the field is partial: it covers the other values. The value is written
    /// into the statement, because a cached plan for a parameter could not know that the index covers it.
    /// </summary>
    Skewed = 4,
}

/// <summary>
/// Defines the fields by which a list can be sorted and filtered, under their names in the contract, for tools and resources alike. With
/// <see cref="WithIndex"/> the list is one that grows with its hospital: it is then read only in the order of an index or by a field that selects few rows.
/// </summary>
/// <typeparam name="T">The entity.</typeparam>
/// <param name="usualOrder">The sort order when none is given.</param>
/// <param name="id">The ID, which breaks ties so that pages never repeat a row.</param>
public sealed class QueryableFields<T>(string usualOrder, Expression<Func<T, Guid>> id) : IEnumerable<QueryableField<T>> where T : class
{
    private readonly Dictionary<string, QueryableField<T>> _fields = [];
    private readonly List<string[]> _indexes = [];

    /// <summary>Gets the sort order when none is given.</summary>
    public string DefaultSort => usualOrder;

    /// <summary>
    /// Gets every index that holds the list in order: its columns between <c>hospital_id</c> and <c>id</c>. Empty for a list that stays small.
    /// </summary>
    public IReadOnlyList<string[]> Indexes => _indexes;

    /// <summary>Gets the text that a search matches; null when the list has no search.</summary>
    public Expression<Func<T, string>>? SearchText { get; private set; }

    /// <summary>Gets the names of the fields.</summary>
    public IEnumerable<string> Names => _fields.Keys;

    internal QueryableField<T> Id { get; } = new QueryableField<T, Guid>("id", id, Selectivity.High, read: null, allowed: null);

    /// <summary>Adds a field for sorting and filtering.</summary>
    /// <param name="read">Converts a requested value to the value in the column.</param>
    public void Add<TKey>(string name, Expression<Func<T, TKey>> of, Selectivity selects = Selectivity.Low, Func<TKey, TKey>? read = null) =>
        _fields.Add(name, new QueryableField<T, TKey>(name, of, selects, read, allowed: null));

    /// <summary>Adds a text field with a fixed set of values for sorting and filtering.</summary>
    public void Add(string name, Expression<Func<T, string>> of, AllowedValuesAttribute allowed) =>
        _fields.Add(name, new QueryableField<T, string>(name, of, Selectivity.Low, read: null, allowed));

    /// <summary>Declares that an index on <c>hospital_id</c>, these columns and <c>id</c> exists.</summary>
    public QueryableFields<T> WithIndex(params string[] columns)
    {
        _indexes.Add(columns);
        return this;
    }

    /// <summary>
    /// Declares the text that a search matches. For a list that grows it is a column with a trigram index that holds the result of
    /// <see cref="MedCor.Platform.Database.TextFunctions.ToSearchable"/>.
    /// </summary>
    public QueryableFields<T> WithSearch(Expression<Func<T, string>> text)
    {
        SearchText = text;
        return this;
    }

    /// <summary>Returns the error in a sort order by itself, whatever the filters; null when there is none.</summary>
    public string? FindSortError(string? sort)
    {
        ParseSort(sort, out var error);
        return error;
    }

    /// <summary>Parses a sort order, the default when it is null. Returns an empty list and an error when the order is not valid.</summary>
    internal List<(QueryableField<T> Field, bool Down)> ParseSort(string? sort, out string? error)
    {
        var order = new List<(QueryableField<T> Field, bool Down)>();
        error = null;
        foreach (var part in (sort ?? DefaultSort).Split(',', _fields.Count + 1, StringSplitOptions.TrimEntries))
        {
            var isDescending = part.StartsWith('-');
            var field = Find(isDescending ? part[1..] : part);
            if (field is null || order.Any(o => o.Field == field))
            {
                var choices = $"can be {string.Join(", ", Names)}, each once and also with a leading -"
                    + (field is null ? DidYouMean.Hint(part.TrimStart('-'), Names) : "");
                error = part.Length == 0 ? $"{ValidationErrors.EmptyName(sort!)}; it {choices}" : choices;
                return [];
            }
            order.Add((field, isDescending));
        }
        return order;
    }

    internal QueryableField<T>? Find(string name) => _fields.GetValueOrDefault(name);

    /// <inheritdoc/>
    public IEnumerator<QueryableField<T>> GetEnumerator() => _fields.Values.GetEnumerator();

    System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => GetEnumerator();
}

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

/// <summary>Passes a value as a parameter of the statement, so that one statement serves all values.</summary>
internal static class QueryParameter
{
    internal static MemberExpression Of<TValue>(TValue value) => Expression.Field(Expression.Constant(new Box<TValue>(value)), nameof(Box<TValue>.Value));

    private sealed class Box<TValue>(TValue value)
    {
        public readonly TValue Value = value;
    }
}
