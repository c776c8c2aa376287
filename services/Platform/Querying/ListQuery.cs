using System.Linq.Expressions;
using System.Text.Json;
using MedCor.Contracts;
using MedCor.Platform.Database;
using MedCor.Platform.LocalCopies;
using MedCor.Platform.Tenancy;
using MedCor.Validation;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Platform.Querying;

/// <summary>
/// Builds and runs a query for one page of a list: rows, filters and a sort order. All errors in the request are collected and reported at once. For a list
/// that grows with its hospital, a query reads no more rows for a large hospital than for a small one: it reads in the order of an index, or reads all of the
/// few rows that a filter leaves.
/// </summary>
public sealed class ListQuery<T> where T : class
{
    /// <summary>The maximum number of rows that are counted, and up to which a caller can page.</summary>
    public const int MaxRows = 10_000;

    /// <summary>The maximum number of values in a filter.</summary>
    private const int MaxValues = 100;

    /// <summary>The maximum number of values in a filter when the rows of each value are read by a separate index scan.</summary>
    private const int MaxIndexScans = 16;

    /// <summary>The maximum number of words in a search.</summary>
    private const int MaxTerms = 16;

    private readonly TenantDb _db;
    private readonly QueryableFields<T> _fields;
    private readonly (int Page, int Limit, string? Sort) _request;
    private readonly Dictionary<string, List<string>> _errors;
    private readonly string _errorPrefix;
    private readonly HashSet<string> _equalityFields = [];
    private readonly HashSet<string> _rangeFields = [];
    private readonly List<(QueryableField<T> Field, object?[] Values, bool AreOne)> _alternatives = [];
    // Not set by a null value of a selective field: many rows may lack a value.
    private bool _isSelective;
    private bool _findsFirst;
    private bool _isSearch;
    private bool _isSingleHospital;
    private object?[]? _hospitals;
    private (string Field, Guid[] Ids, string Entity)? _owner;
    private readonly List<(string Field, object? Value)> _requestedValues = [];
    private IQueryable<T> _rows;
    private RowLimit<T>? _limit;

    /// <summary>Creates the query for a tool's request.</summary>
    public static ListQuery<T> Create<TResult>(TenantDb db, QueryableFields<T> fields, IQueryable<T> rows, PagedTool<TResult> request) =>
        new(db, fields, rows, (request.Page, request.Limit, request.Sort), [], "");

    /// <param name="mistakes">The errors found so far.</param>
    /// <param name="errorPrefix">The prefix of filter names in errors: empty, or <c>filter.</c></param>
    internal ListQuery(TenantDb db, QueryableFields<T> fields, IQueryable<T> rows, (int Page, int Limit, string? Sort) request,
        Dictionary<string, List<string>> mistakes, string errorPrefix)
    {
        (_db, _fields, _rows, _request, _errors, _errorPrefix) = (db, fields, rows, request, mistakes, errorPrefix);
        _isSingleHospital = !db.Tenancy.SeesAllHospitals;
    }

    private bool IsIndexed => _fields.Indexes.Count > 0;

    /// <summary>Gets whether a filter leaves few rows, however large the hospital.</summary>
    public bool IsSelective => _isSelective;

    /// <summary>Returns whether rows with certain values of a field are requested.</summary>
    public bool Requests(string field) => _requestedValues.Any(request => request.Field == field);

    /// <summary>Returns the owners, other than one, whose rows are requested.</summary>
    /// <param name="field">The field that holds the owner's ID.</param>
    internal Guid[] FindOtherOwners(string field, Guid owner) =>
        [.. _requestedValues.Where(request => request.Field == field).Select(request => request.Value).OfType<Guid>().Where(id => id != owner).Distinct()];

    /// <summary>
    /// Restricts the list to the rows of one owner, unless rows of others are requested for whom the owner acts. A request for the rows of anybody else is
    /// rejected; where the rows are the owners themselves, other rows are not found, as anywhere else. To be called after the filters were added.
    /// </summary>
    /// <param name="field">The field that holds the owner's ID.</param>
    /// <param name="entity">The name of a row's type.</param>
    /// <param name="represented">Those of the requested other owners for whom the owner acts.</param>
    internal ListQuery<T> RestrictTo(string field, Guid owner, string entity, IReadOnlyCollection<Guid> represented)
    {
        _isSelective = true;
        if (field == _fields.Id.Name)
        {
            // Several rows differ in it, and can be sorted by it.
            if (represented.Count == 0) _equalityFields.Add(field);
            return this;
        }
        Guid[] owners = [owner, .. represented];
        _owner = (field, owners, entity);
        if (FindOtherOwners(field, owner).Length > 0) return this;
        _rows = _rows.Where(GetField(field).Compare(ExpressionType.Equal, owner));
        _equalityFields.Add(field);
        return this;
    }

    /// <summary>Restricts the list to rows with a value; no restriction when it is null.</summary>
    public ListQuery<T> Where(string field, object? value) => value is null ? this : Compare(GetField(field), ExpressionType.Equal, value);

    /// <summary>Restricts the list to rows with a value or a greater one; no restriction when it is null.</summary>
    public ListQuery<T> From(string field, object? value) => value is null ? this : Compare(GetField(field), ExpressionType.GreaterThanOrEqual, value);

    /// <summary>Restricts the list to rows with a value or a smaller one; no restriction when it is null.</summary>
    public ListQuery<T> To(string field, object? value) => value is null ? this : Compare(GetField(field), ExpressionType.LessThanOrEqual, value);

    /// <summary>Restricts the list to rows with a smaller value; no restriction when it is null.</summary>
    public ListQuery<T> Before(string field, object? value) => value is null ? this : Compare(GetField(field), ExpressionType.LessThan, value);

    /// <summary>
    /// Restricts the list to rows whose search text contains every word of a text, whatever the case, accents and Unicode form: at the beginning of a word or,
    /// for three or more characters, anywhere. No restriction when the text is null or blank.
    /// </summary>
    public ListQuery<T> Search(string name, string? text)
    {
        if (string.IsNullOrWhiteSpace(text)) return this;
        var terms = TextSearch.SplitTerms(text);
        if (terms.Length > MaxTerms) _errors.AddError(_errorPrefix + name, $"can have {MaxTerms} words at most");
        else
            foreach (var term in terms) AddSearchTerm(term);
        return this;
    }

    /// <summary>Restricts the list to rows that satisfy a condition. For lists that stay small.</summary>
    public ListQuery<T> Where(Expression<Func<T, bool>> condition) =>
        IsIndexed ? throw new InvalidOperationException("No index is known for this condition.") : WhereSelective(condition);

    /// <summary>Restricts the list to rows that satisfy a condition, which are few and found by an index.</summary>
    public ListQuery<T> WhereSelective(Expression<Func<T, bool>> condition)
    {
        _rows = _rows.Where(condition);
        _isSelective = true;
        return this;
    }

    /// <summary>
    /// Restricts the list to rows that satisfy a condition, which are few and found by an index, and finds them before they are sorted: they may be rare in the
    /// order of the list.
    /// </summary>
    public ListQuery<T> FindFirst(Expression<Func<T, bool>> condition)
    {
        _findsFirst = true;
        return WhereSelective(condition);
    }

    /// <summary>Restricts the list to the rows that a caller may see; no restriction when it is null.</summary>
    internal ListQuery<T> Limit(RowLimit<T>? limit)
    {
        _limit = limit;
        return this;
    }

    /// <summary>Restricts the list by a filter as clients write it: <c>{"role": "DOCTOR", "created_at": {"gte": …}}</c>.</summary>
    internal void Filter(JsonElement filter)
    {
        foreach (var condition in filter.EnumerateObject())
        {
            if (_fields.Find(condition.Name) is not { } field) AddError(condition.Name,
                $"is not a field to filter by; there are {string.Join(", ", _fields.Names)}{DidYouMean.Hint(condition.Name, _fields.Names)}");
            else if (condition.Value.ValueKind != JsonValueKind.Object) Compare(field, ExpressionType.Equal, condition.Value);
            else if (!condition.Value.EnumerateObject().Any()) AddError(condition.Name, "must be a value, or an object with an operator");
            else
                foreach (var part in condition.Value.EnumerateObject()) Filter(field, part.Name, part.Value);
        }
    }

    private void Filter(QueryableField<T> field, string operation, JsonElement value)
    {
        switch (operation)
        {
            case "gt" or "gte" or "lt" or "lte" or "contains" when value.ValueKind == JsonValueKind.Null:
                AddError(field.Name, $"{operation} must not be null");
                break;
            case "gt" or "gte" or "lt" or "lte" when field.IsComparable:
                Compare(field, operation switch
                {
                    "gt" => ExpressionType.GreaterThan,
                    "gte" => ExpressionType.GreaterThanOrEqual,
                    "lt" => ExpressionType.LessThan,
                    _ => ExpressionType.LessThanOrEqual,
                }, value);
                break;
            case "in" when value.ValueKind == JsonValueKind.Array && value.GetArrayLength() is > 0 and <= MaxValues:
                var values = value.EnumerateArray().Select(v => ParseValue(field, v)).ToArray();
                if (!values.All(v => v.IsRight)) return;
                AddAlternatives(field, [.. values.SelectMany(v => QueryableField<T>.GetUnicodeForms(v.Value)).Distinct()], areOne: false);
                break;
            case "in":
                AddError(field.Name, $"in must be a list of 1 to {MaxValues} values");
                break;
            case "contains" when SupportsContains(field):
                if (ParseValue(field, value) is not { IsRight: true, Value: string text }) return;
                _rows = _rows.Where(field.Contains(text));
                if (!IsIndexed) break;
                if (TextSearch.HasTrigram(text)) AddSearchTerm(text);
                else AddError(field.Name, "contains must have three consecutive characters other than spaces");
                break;
            default:
                AddError(field.Name,
                    $"{Truncate(operation)} is not an operator; use the value itself, in"
                        + $"{(field.IsComparable ? ", gt, gte, lt, lte" : "")}{(SupportsContains(field) ? ", contains" : "")}");
                break;
        }
    }

    private bool SupportsContains(QueryableField<T> field) => field.Type == typeof(string) && (!IsIndexed || field.IsSearchable);

    /// <summary>Restricts the list to rows whose search text contains a term.</summary>
    private void AddSearchTerm(string term)
    {
        _rows = _rows.Where(ContainsTerm(term));
        _isSearch = true;
    }

    private Expression<Func<T, bool>> ContainsTerm(string term)
    {
        var text = _fields.SearchText!;
        // In a list that grows, the search text is a column and needs no conversion.
        if (!IsIndexed)
            text = Expression.Lambda<Func<T, string>>(Expression.Call(typeof(TextFunctions), nameof(TextFunctions.ToSearchable), null, text.Body),
                text.Parameters);
        return TextSearch.Matches(text, QueryParameter.Of(term));
    }

    private void Compare(QueryableField<T> field, ExpressionType operation, JsonElement json)
    {
        if (ParseValue(field, json) is not { IsRight: true, Value: var value }) return;
        if (operation == ExpressionType.Equal && QueryableField<T>.GetUnicodeForms(value).ToArray() is { Length: > 1 } forms)
            AddAlternatives(field, forms, areOne: true);
        else Compare(field, operation, value);
    }

    private ListQuery<T> Compare(QueryableField<T> field, ExpressionType operation, object? value)
    {
        _rows = _rows.Where(field.Compare(operation, value));
        if (operation != ExpressionType.Equal)
        {
            _rangeFields.Add(field.Name);
            return this;
        }
        _requestedValues.Add((field.Name, value));
        if (field.Name == "hospital_id") _isSingleHospital = true;
        else _equalityFields.Add(field.Name);
        if (field.IsSelective && value is not null) _isSelective = true;
        return this;
    }

    /// <param name="areOne">Whether the values are forms of the same value, so that all matching rows count as equal in this field.</param>
    private void AddAlternatives(QueryableField<T> field, object?[] values, bool areOne)
    {
        _requestedValues.AddRange(values.Select(value => (field.Name, value)));
        // Every index begins with the hospital, so these hospitals are read one by one in order, like all hospitals in an unfiltered list.
        if (IsIndexed && field.Name == "hospital_id")
        {
            _rows = _rows.Where(field.IsIn(values));
            _hospitals = values;
            return;
        }
        _alternatives.Add((field, values, areOne));
        if (field.IsSelective && !values.Contains(null)) _isSelective = true;
    }

    private (bool IsRight, object? Value) ParseValue(QueryableField<T> field, JsonElement json)
    {
        if (json.ValueKind == JsonValueKind.Null && field.IsNullable) return (true, null);
        try
        {
            var value = json.ValueKind == JsonValueKind.Null ? null : json.Deserialize(field.Type, ClientJson.Options);
            // A value to search for may span several lines.
            if (value is string line) value = PlainText.Normalize(line);
            if (value is string text && PlainText.FindError(text, minLength: 0, isLine: false) is { } wrong) AddError(field.Name, wrong);
            else if (value is not null && field.FindError(value) is { } refused) AddError(field.Name, refused);
            else if (value is not null) return (true, value);
            else AddError(field.Name, "must not be null");
        }
        catch (Exception e) when (ClientJson.IsReadFailure(e))
        {
            AddError(field.Name, ValidationErrors.DescribeExpected(field.Type, json));
        }
        return (false, null);
    }

    /// <summary>
    /// Reads the page: in one round trip, or two for a search of a list that grows, whose rows are counted first. Throws <see cref="Forbidden"/> when rows of
    /// another owner than the only one are requested, and <see cref="ValidationFailed"/> listing all errors in the request.
    /// </summary>
    /// <param name="complete">Adds related data to the rows of the page.</param>
    /// <param name="show">Converts a row to the caller's representation.</param>
    public async Task<Page<TResult>> ReadPageAsync<TRow, TResult>(Func<IQueryable<T>, IQueryable<TRow>> complete, Func<TRow, TResult> show,
        CancellationToken ct) where TRow : class
    {
        if (_owner is var (ownerField, owners, entity)
            && _requestedValues.Any(request => request.Field == ownerField && request.Value is Guid id && !owners.Contains(id)))
            throw new Forbidden($"Patients see their own {entity}s, and those of patients for whom they act. Leave out {ownerField} or give your own id.");
        var order = ResolveSort();
        var skip = (_request.Page - 1) * _request.Limit;
        if (_errors.Count > 0) throw new ValidationFailed(_errors);

        var counted = RowsToCount(order);
        if (_limit is { Condition: var condition, DecidesCount: var decidesCount })
        {
            _rows = _rows.Where(condition);
            if (decidesCount) counted = RowsToCount(order);
        }
        // PostgreSQL does not expect that matches of a search can be adjacent in the sort order, such as all names that begin with Z: it would walk the index
        // from A. So when the matches are few enough to be counted, they are found first and then sorted.
        int? counts = _isSearch && !_isSelective ? await counted.CountAsync(ct) : null;
        if (counts <= MaxRows) order = order with { FilterFirst = true };
        var total = 0;
        List<TRow> page = [];
        if (IsIndexed && skip >= MaxRows) total = await counted.CountAsync(ct);
        else
        {
            var end = IsIndexed ? Math.Min(skip + _request.Limit, MaxRows) : skip + _request.Limit;
            // Counted in the same statement; related data is looked up for the rows of the page only.
            var found = await complete(ApplySort(order, end).Skip(skip).Take(end - skip)).AsNoTracking()
                .Select(row => new { Row = row, Total = counts ?? counted.Count() }).ToListAsync(ct);
            page = found.ConvertAll(f => f.Row);
            if (found.Count > 0) total = found[0].Total;
            else if (skip > 0) total = await counted.CountAsync(ct);
        }

        var isExact = !IsIndexed || total <= MaxRows;
        if (skip >= MaxRows && !isExact) throw new ValidationFailed("page",
            $"is beyond the first {MaxRows} rows, which is the maximum. "
                + "Narrow the list with a filter, or continue with gte (lte in descending order) from the last row's value of "
                + "the first sort field; rows with that value are repeated");
        return new([.. page.Select(show)], isExact ? total : MaxRows, _request.Page, _request.Limit, skip + page.Count < total, isExact ? null : false);
    }

    /// <summary>Returns the rows to count, sorted, so that PostgreSQL reads an index and not the table.</summary>
    private IQueryable<T> RowsToCount(SortOrder order) =>
        IsIndexed ? (UsesMergedScans ? BuildScans(order, MaxRows + 1) : order.Apply(_rows)).Take(MaxRows + 1) : _rows;

    /// <summary>Gets whether the rows are merged from several scans, each in the order of an index.</summary>
    private bool UsesMergedScans => IsIndexed && (!_isSingleHospital || _alternatives.Count > 0);

    /// <summary>Returns the rows in order.</summary>
    /// <param name="maxCount">The maximum number of rows that are needed.</param>
    private IQueryable<T> ApplySort(SortOrder order, int maxCount) => UsesMergedScans ? order.Sort(BuildScans(order, maxCount)) : order.Apply(_rows);

    /// <summary>
    /// Returns the first rows of each alternative value and, for the platform, of each hospital, so that each part is read from its own index range.
    /// </summary>
    private IQueryable<T> BuildScans(SortOrder order, int maxCount)
    {
        if (_isSingleHospital) return PartsOf(_rows);

        var row = Expression.Parameter(typeof(T), "row");
        var owner = Expression.Call(typeof(EF), nameof(EF.Property), [typeof(Guid?)], row, Expression.Constant(nameof(ITenantOwned.HospitalId)));
        IQueryable<T> Of(params ReadOnlySpan<Expression> conditions)
        {
            var some = _rows;
            foreach (var condition in conditions) some = some.Where(Expression.Lambda<Func<T, bool>>(condition, row));
            return PartsOf(some);
        }

        var hospitalCopy = Expression.Parameter(typeof(HospitalCopy), "known");
        var hospital = Expression.Convert(Expression.Property(hospitalCopy, nameof(HospitalCopy.HospitalId)), typeof(Guid?));
        // The second condition follows from the first. With the first alone EF Core would translate this to a join with all rows, numbered by hospital, instead
        // of a lookup per hospital.
        var ofOne = Of(Expression.Equal(owner, hospital), Expression.GreaterThanOrEqual(owner, hospital));
        var hospitalIds = _hospitals?.OfType<Guid>().ToArray();
        var ofAll = (hospitalIds is null ? _db.Rows<HospitalCopy>() : _db.Rows<HospitalCopy>().Where(h => hospitalIds.Contains(h.HospitalId))).SelectMany(
            Expression.Lambda<Func<HospitalCopy, IEnumerable<T>>>(ofOne.Expression, hospitalCopy));
        if (_hospitals?.Contains(null) == false) return ofAll;
        // Adds rows without a hospital: the platform's own users, and its administrators' accesses that concerned no hospital.
        var mayBeNull = _db.Model.FindEntityType(typeof(T))!.FindProperty(nameof(ITenantOwned.HospitalId))!.IsNullable;
        return ofAll.Concat(Of(Expression.Equal(owner, Expression.Constant(mayBeNull ? null : Guid.Empty, typeof(Guid?)))));

        IQueryable<T> PartsOf(IQueryable<T> some) => _alternatives is [var (field, values, _)]
            ? values.Select(value => order.Without(field).Apply(some.Where(field.Compare(ExpressionType.Equal, value))).Take(maxCount))
                .Aggregate((all, part) => all.Concat(part))
            : order.Apply(some).Take(maxCount);
    }

    /// <summary>Returns the requested sort order, extended to that of an index. Adds an error when the order is not possible.</summary>
    private SortOrder ResolveSort()
    {
        var order = _fields.ParseSort(_request.Sort, out var wrong);
        if (wrong is not null)
        {
            _errors.AddError("sort", wrong);
            return new([]);
        }
        var last = (_fields.Id, order[^1].Down);
        // Only one field can have an index scan per value. Unicode forms in further fields are matched among the rows that remain.
        foreach (var further in _alternatives.Where(a => a.AreOne).Skip(_alternatives.All(a => a.AreOne) ? 1 : 0).ToArray())
        {
            _rows = _rows.Where(further.Field.IsIn(further.Values));
            _equalityFields.Add(further.Field.Name);
            _alternatives.Remove(further);
        }
        if (!IsIndexed || _isSelective || _isSearch || _alternatives.Count > 1)
        {
            foreach (var (field, values, _) in _alternatives) _rows = _rows.Where(field.IsIn(values));
            _rangeFields.UnionWith(_alternatives.Select(a => a.Field.Name));
            _alternatives.Clear();
        }
        if (!IsIndexed) return new([.. order, last]);

        // A field that is equal in all rows does not affect the order.
        order.RemoveAll(o => _equalityFields.Contains(o.Field.Name) || _alternatives.Any(a => a.AreOne && a.Field == o.Field));
        // Each alternative value also fixes its field: its rows are read in the rest of the order and merged in the whole order.
        _equalityFields.UnionWith(_alternatives.Select(a => a.Field.Name));
        var within = order.Where(o => !_equalityFields.Contains(o.Field.Name)).ToArray();
        var downwards = within.Concat(order).Select(o => o.Down).FirstOrDefault();
        if (!_isSearch && !_findsFirst && _alternatives.All(a => a.Values.Length <= MaxIndexScans) && within.All(o => o.Down == downwards)
            && FindIndex([.. within.Select(o => o.Field.Name)]) is { } index)
            return new([.. order, .. index.Skip(within.Length).Select(name => (_fields.Find(name)!, downwards)), (_fields.Id, downwards)]);
        if (_isSelective || _isSearch) return new([.. order, last], FilterFirst: _isSelective);

        if (_errors.Count == 0) AddNoIndexErrors();
        return new([]);
    }

    /// <summary>
    /// Gets the indexes whose first columns are the fields that filters fix. A partial index, which lacks most rows, is usable only when its first column is
    /// one of those fields.
    /// </summary>
    private IEnumerable<string[]> UsableIndexes => _fields.Indexes.Where(index => index.Length >= _equalityFields.Count
        && index.Take(_equalityFields.Count).All(_equalityFields.Contains) && (_equalityFields.Contains(index[0]) || !_fields.Find(index[0])!.IsSkewed));

    /// <summary>
    /// Returns the remaining columns of an index that holds the rows in this order after the columns that filters fix; null when there is none. Only the first
    /// remaining column may have range filters.
    /// </summary>
    private string[]? FindIndex(string[] order) => UsableIndexes
        .Select(index => index[_equalityFields.Count..])
        .FirstOrDefault(rest => rest.Take(order.Length).SequenceEqual(order) && _rangeFields.All(name => rest.Length > 0 && name == rest[0]));

    private void AddNoIndexErrors()
    {
        var few = string.Join(", ", _fields.Where(f => f.IsSelective && !_requestedValues.Contains((f.Name, null))).Select(f => f.Name));
        var rests = UsableIndexes.Select(i => i[_equalityFields.Count..]).Where(rest => rest.Length > 0).ToArray();
        // An order helps only if it begins with the field that has a range.
        var sorts = rests.Where(rest => _rangeFields.All(name => name == rest[0])).Select(rest => string.Join(',', rest)).ToArray();
        foreach (var (field, values, _) in _alternatives)
            if (values.Length > MaxIndexScans)
                AddError(field.Name, $"in can have at most {MaxIndexScans} values, or more in combination with a filter by one of {few}");
        if (_errors.Count > 0) return;
        var filters = _equalityFields.Concat(_rangeFields).Concat(_alternatives.Select(a => a.Field.Name)).Distinct().ToArray();
        if (sorts.Length == 0 && _rangeFields.Where(name => rests.All(rest => name != rest[0])).ToArray() is { Length: > 0 } unsupported) filters = unsupported;
        var wrong = sorts.Length == 0
            ? $"is possible with the other filters only in combination with a filter by one of {few}: the list can be long, and no index supports it"
            : $"is possible only with one of these sorts, ascending or descending: {string.Join(" or ", sorts)}; "
                + $"ranges only on its first field. For anything else filter by one of {few}";
        foreach (var name in filters) AddError(name, wrong);
        if (filters.Length == 0) _errors.AddError("sort",
            $"can be {string.Join(" or ", sorts)}, ascending or descending, or a prefix of these; "
                + $"any other order only in combination with a filter by one of {few}");
    }

    /// <param name="FilterFirst">Whether the rows are found before they are sorted.</param>
    private sealed record SortOrder(IReadOnlyList<(QueryableField<T> Field, bool Down)> Fields, bool FilterFirst = false)
    {
        /// <summary>Returns the order of rows that have the same value in a field.</summary>
        internal SortOrder Without(QueryableField<T> field) => this with { Fields = [.. Fields.Where(by => by.Field != field)] };

        /// <summary>
        /// Sorts rows of the table. An offset of zero keeps PostgreSQL from walking an index in the sort order through all rows instead of finding the few that
        /// match.
        /// </summary>
        internal IQueryable<T> Apply(IQueryable<T> rows) => Sort(FilterFirst ? rows.Skip(0) : rows);

        internal IQueryable<T> Sort(IQueryable<T> rows)
        {
            for (var i = 0; i < Fields.Count; i++) rows = Fields[i].Field.Order(rows, i == 0, Fields[i].Down);
            return rows;
        }
    }

    private QueryableField<T> GetField(string field) => _fields.Find(field) ?? throw new InvalidOperationException($"{field} is not declared.");

    private void AddError(string field, string wrong) => _errors.AddError(_errorPrefix + Truncate(field), wrong);

    private static string Truncate(string name) => name.Length <= 60 ? name : name[..60] + "…";
}
