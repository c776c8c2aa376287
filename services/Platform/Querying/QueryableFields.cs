using System.ComponentModel.DataAnnotations;
using System.Linq.Expressions;
using MedCor.Validation;

namespace MedCor.Platform.Querying;

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
