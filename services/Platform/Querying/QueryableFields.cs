using System.ComponentModel.DataAnnotations;
using System.Linq.Expressions;
using System.Reflection;
using MedCor.Validation;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Platform.Querying;

/// <summary>How many rows of a hospital one value of a field leaves, and whether a part of the value finds them.</summary>
[Flags]
public enum Selectivity
{
    /// <summary>More, the larger the hospital: a status, a day.</summary>
    Low = 0,

    /// <summary>Those of one person or one thing, however large the hospital; an index finds them.</summary>
    High = 1,

    /// <summary>A part of it is found as well, by the trigram index of the list's <see cref="QueryableFields{T}.SearchText"/>, which contains it.</summary>
    Searchable = 2,

    /// <summary>
    /// Nearly all rows have one of its few values, and an index that begins with it is partial: it has the others. The value is written into the statement, since a plan that is kept for a parameter could not know
    /// that the index has it.
    /// </summary>
    Skewed = 4,
}

/// <summary>
/// What a list can be sorted and filtered by, under the names that its rows have in the contract. Said once, for tools and resources. With <see cref="WithIndex"/>
/// the list is one that grows with its hospital: then it is read in the order of an index or by a field that selects few rows, or not at all.
/// </summary>
/// <typeparam name="T">The entity.</typeparam>
/// <param name="usualOrder">The sort when none is given.</param>
/// <param name="id">What decides between equals, so that pages never show a row twice.</param>
public sealed class QueryableFields<T>(string usualOrder, Expression<Func<T, Guid>> id) : IEnumerable<QueryableField<T>> where T : class
{
    private readonly Dictionary<string, QueryableField<T>> _fields = [];
    private readonly List<string[]> _indexes = [];

    /// <summary>The sort when none is given.</summary>
    public string DefaultSort => usualOrder;

    /// <summary>Every index that holds this list in order: its columns behind <c>hospital_id</c> and before <c>id</c>. None for a list that stays small.</summary>
    public IReadOnlyList<string[]> Indexes => _indexes;

    /// <summary>The text that a search looks in; none when there is no search.</summary>
    public Expression<Func<T, string>>? SearchText { get; private set; }

    /// <summary>The names of the fields.</summary>
    public IEnumerable<string> Names => _fields.Keys;

    internal QueryableField<T> Id { get; } = new QueryableField<T, Guid>("id", id, Selectivity.High, read: null, allowed: null);

    /// <summary>Lets a field be sorted and filtered by.</summary>
    /// <param name="read">Makes of a value that is asked for what the column holds.</param>
    public void Add<TKey>(string name, Expression<Func<T, TKey>> of, Selectivity selects = Selectivity.Low, Func<TKey, TKey>? read = null) =>
        _fields.Add(name, new QueryableField<T, TKey>(name, of, selects, read, allowed: null));

    /// <summary>Lets a text be sorted and filtered by that has a choice of values.</summary>
    public void Add(string name, Expression<Func<T, string>> of, AllowedValuesAttribute allowed) => _fields.Add(name, new QueryableField<T, string>(name, of, Selectivity.Low, read: null, allowed));

    /// <summary>Says that an index on <c>hospital_id</c>, these columns and <c>id</c> exists.</summary>
    public QueryableFields<T> WithIndex(params string[] columns)
    {
        _indexes.Add(columns);
        return this;
    }

    /// <summary>Says what a search looks in: a text; for a list that grows, a column that holds the <see cref="MedCor.Platform.Database.TextFunctions.ToSearchable"/> of one in a trigram index.</summary>
    public QueryableFields<T> WithSearch(Expression<Func<T, string>> text)
    {
        SearchText = text;
        return this;
    }

    /// <summary>What is wrong with an order by itself, whatever the list is narrowed by; null where nothing is.</summary>
    public string? FindSortError(string? sort)
    {
        ParseSort(sort, out var error);
        return error;
    }

    /// <summary>The order that a sort names, the default when it is null; empty, with what is wrong, when it is none.</summary>
    internal List<(QueryableField<T> Field, bool Down)> ParseSort(string? sort, out string? error)
    {
        var order = new List<(QueryableField<T> Field, bool Down)>();
        error = null;
        foreach (var part in (sort ?? DefaultSort).Split(',', _fields.Count + 1, StringSplitOptions.TrimEntries))
        {
            var down = part.StartsWith('-');
            var field = Find(down ? part[1..] : part);
            if (field is null || order.Any(o => o.Field == field))
            {
                var known = $"can be {string.Join(", ", Names)}, each once and also with a leading -{(field is null ? DidYouMean.Hint(part.TrimStart('-'), Names) : "")}";
                error = part.Length == 0 ? $"{ValidationErrors.EmptyName(sort!)}; it {known}" : known;
                return [];
            }
            order.Add((field, down));
        }
        return order;
    }

    internal QueryableField<T>? Find(string name) => _fields.GetValueOrDefault(name);

    /// <inheritdoc/>
    public IEnumerator<QueryableField<T>> GetEnumerator() => _fields.Values.GetEnumerator();

    System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => GetEnumerator();
}

/// <summary>A field of a list.</summary>
public abstract class QueryableField<T>(string name, LambdaExpression of, Selectivity selects, Type type, AllowedValuesAttribute? allowed) where T : class
{
    /// <summary>Its name in the contract.</summary>
    public string Name => name;

    /// <summary>Whether one value leaves few rows.</summary>
    internal bool IsSelective { get; } = selects.HasFlag(Selectivity.High);

    /// <summary>Whether a value is written into the statement.</summary>
    internal bool IsSkewed { get; } = selects.HasFlag(Selectivity.Skewed);

    /// <summary>Whether the text that is searched contains it.</summary>
    internal bool IsSearchable { get; } = selects.HasFlag(Selectivity.Searchable);

    /// <summary>What its values are; never <see cref="Nullable{T}"/>.</summary>
    public Type Type { get; } = Nullable.GetUnderlyingType(type) ?? type;

    internal bool IsNullable { get; } = type.IsValueType ? Nullable.GetUnderlyingType(type) is not null
        : WithoutCollation(of.Body) is not MemberExpression { Member: PropertyInfo property } || new NullabilityInfoContext().Create(property).ReadState != NullabilityState.NotNull;

    private static Expression WithoutCollation(Expression of) =>
        of is MethodCallExpression { Method: { Name: nameof(RelationalDbFunctionsExtensions.Collate), DeclaringType: var declaring }, Arguments: [_, var column, _] } && declaring == typeof(RelationalDbFunctionsExtensions) ? column : of;

    /// <summary>Whether one value is more or less than another.</summary>
    internal bool IsComparable => Type == typeof(DateOnly) || Type == typeof(TimeOnly) || Type == typeof(DateTimeOffset) || Type == typeof(int) || Type == typeof(long) || Type == typeof(decimal);

    /// <summary>What is wrong with a value that is asked for; null when it may be asked for.</summary>
    internal string? FindError(object value) => allowed?.IsValid(value) is false ? allowed.ErrorMessage : null;

    internal abstract IOrderedQueryable<T> Order(IQueryable<T> rows, bool first, bool down);

    /// <summary>Whether a row's value stands so to this one: <see cref="ExpressionType.Equal"/>, <see cref="ExpressionType.LessThan"/> and the like.</summary>
    internal abstract Expression<Func<T, bool>> Compare(ExpressionType how, object? value);

    /// <summary>Whether a row's value is one of these.</summary>
    internal abstract Expression<Func<T, bool>> IsIn(IEnumerable<object?> values);

    /// <summary>Whether a row's text contains this, whatever the case, accents and Unicode form.</summary>
    internal abstract Expression<Func<T, bool>> Contains(string text);

    /// <summary>
    /// The values that are this one. What came in before texts were composed may stand in the table as it was typed, with an accent as a character of its own.
    /// </summary>
    internal static IEnumerable<object?> GetUnicodeForms(object? value) => value is string text && PlainText.Decompose(text) is var decomposed && decomposed != text ? [text, decomposed] : [value];
}

internal sealed class QueryableField<T, TKey>(string name, Expression<Func<T, TKey>> of, Selectivity selects, Func<TKey, TKey>? read, AllowedValuesAttribute? allowed) : QueryableField<T>(name, of, selects, typeof(TKey), allowed) where T : class
{
    internal override IOrderedQueryable<T> Order(IQueryable<T> rows, bool first, bool down) => (first, down) switch
    {
        (true, false) => rows.OrderBy(of),
        (true, true) => rows.OrderByDescending(of),
        (false, false) => ((IOrderedQueryable<T>)rows).ThenBy(of),
        (false, true) => ((IOrderedQueryable<T>)rows).ThenByDescending(of),
    };

    internal override Expression<Func<T, bool>> Compare(ExpressionType how, object? value) => Where(Expression.MakeBinary(how, of.Body, ToOperand(ToColumnValue(value))));

    internal override Expression<Func<T, bool>> IsIn(IEnumerable<object?> values) =>
        Where(Expression.Call(typeof(Enumerable), nameof(Enumerable.Contains), [typeof(TKey)], QueryParameter.Of<IEnumerable<TKey>>([.. values.Select(ToColumnValue)]), of.Body));

    internal override Expression<Func<T, bool>> Contains(string text) => TextSearch.Contains(Expression.Lambda<Func<T, string>>(of.Body, of.Parameters), QueryParameter.Of(text));

    private Expression ToOperand(TKey value) => IsSkewed ? Expression.Constant(value, typeof(TKey)) : QueryParameter.Of(value);

    private TKey ToColumnValue(object? value) => value is TKey known && read is not null ? read(known) : (TKey)value!;

    private Expression<Func<T, bool>> Where(Expression condition) => Expression.Lambda<Func<T, bool>>(condition, of.Parameters);
}

/// <summary>A value as a parameter of the statement, so that one statement serves all values.</summary>
internal static class QueryParameter
{
    internal static MemberExpression Of<TValue>(TValue value) => Expression.Field(Expression.Constant(new Box<TValue>(value)), nameof(Box<TValue>.Value));

    private sealed class Box<TValue>(TValue value)
    {
        public readonly TValue Value = value;
    }
}
