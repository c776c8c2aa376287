using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using MedCor.Contracts;
using MedCor.Platform.Querying;
using MedCor.Validation;
using Microsoft.AspNetCore.Http;

namespace MedCor.Platform.Resources;

/// <summary>
/// Reads the query parameters of a resource. Its errors are collected and reported together with those of the filter and the sort order. <c>expand</c> is
/// validated here and applied by the gateway.
/// </summary>
public sealed class ResourceQuery
{
    private const int MaxPage = 1_000_000;
    private static readonly string[] ListParameters = ["page", "limit", "sort", "filter", "fields", "expand"];
    private static readonly string[] EntityParameters = ["fields", "expand"];

    private static readonly string[] PagingParameters = ["page", "limit", "sort"];

    private readonly Dictionary<string, List<string>> _errors = [];
    private readonly ICollection<string> _queryNames;

    internal ResourceQuery(ResourceDescriptor resource, IQueryCollection query, bool isOfOne)
    {
        string[] parameters = isOfOne ? EntityParameters : ListParameters;
        _queryNames = query.Keys;
        foreach (var (name, values) in query)
            if (!parameters.Contains(name))
                _errors.AddError(name, $"is not a parameter here; there are {string.Join(", ", parameters)}{DidYouMean.Hint(name, parameters)}");
            else if (values.Count > 1) _errors.AddError(name, "is given twice");
            else if (GetMaxLength(name) is { } max && PlainText.CountCharacters(values.ToString()) > max)
                _errors.AddError(name, $"must have at most {max} characters");

        if (Names(query, "fields", resource.Fields) is { } fields) Fields = fields;
        Names(query, "expand", resource.References.Keys);
        if (isOfOne) return;
        Page = Number(query, "page", MaxPage) ?? Page;
        Limit = Number(query, "limit", 100) ?? Limit;
        Sort = query["sort"].FirstOrDefault();
        Filter = Object(query["filter"].FirstOrDefault());
    }

    public int Page { get; } = 1;
    public int Limit { get; } = 20;
    public string? Sort { get; }

    /// <summary>Gets the requested fields; null for all.</summary>
    public IReadOnlySet<string>? Fields { get; }

    /// <summary>Gets the filter, an object; null when there is none.</summary>
    public JsonElement? Filter { get; private set; }

    /// <summary>Gets the ids of the patients in the filter, as a value or in <c>in</c>.</summary>
    internal IReadOnlyCollection<Guid> PatientIds => FindIds("patient_id");

    /// <summary>Gets the ids of the rows in the filter, as a value or in <c>in</c>.</summary>
    internal IReadOnlyCollection<Guid> Ids => FindIds("id");

    /// <summary>Gets the ids of the hospitals in the filter, as a value or in <c>in</c>.</summary>
    internal IReadOnlyCollection<Guid> HospitalIds => FindIds(NamedHospitals.Field);

    /// <summary>Replaces the patient in the filter by the one for whom the ID stands.</summary>
    internal void ReplacePatient(Guid patientId)
    {
        var filter = JsonNode.Parse(Filter!.Value.GetRawText())!;
        filter["patient_id"] = patientId;
        Filter = JsonSerializer.SerializeToElement(filter);
    }

    /// <summary>Creates the query of the list.</summary>
    internal ListQuery<T> ToListQuery<T>(MedCor.Platform.Database.TenantDb db, QueryableFields<T> fields, IQueryable<T> rows) where T : class
    {
        var list = new ListQuery<T>(db, fields, rows, (Page, Limit, Sort), _errors, "filter.");
        if (Filter is { } filter) list.Filter(filter);
        return list;
    }

    /// <summary>
    /// Reads the filter of a resource that is a single entity as the parameters of the tool that returns it. Throws <see cref="ValidationFailed"/> with all
    /// errors.
    /// </summary>
    public async Task<TTool> ReadToolParametersAsync<TTool>(IParameterValidator<TTool> rules, CancellationToken ct) where TTool : notnull
    {
        foreach (var name in _queryNames.Intersect(PagingParameters)) _errors.AddError(name, "is not a parameter here: the resource has no pages");
        TTool? parameters = default;
        try
        {
            parameters = await ParameterReader<TTool>.ReadAsync(Encoding.UTF8.GetBytes(Filter?.GetRawText() ?? "{}"),
                rules: (read, errors) => rules.AddErrorsAsync(read, errors, ct));
        }
        catch (ValidationFailed failure)
        {
            foreach (var (name, messages) in failure.Details)
                foreach (var message in messages!.AsArray()) _errors.AddError($"filter.{name}", (string)message!);
        }
        ThrowIfInvalid();
        return parameters!;
    }

    /// <summary>Throws <see cref="ValidationFailed"/> when there are errors.</summary>
    public void ThrowIfInvalid()
    {
        if (_errors.Count > 0) throw new ValidationFailed(_errors);
    }

    private Guid[] FindIds(string field)
    {
        if (Filter is not { } filter || !filter.TryGetProperty(field, out var named)) return [];
        if (named.ValueKind == JsonValueKind.Object && named.TryGetProperty("in", out var list)) named = list;
        var values = named.ValueKind == JsonValueKind.Array ? named.EnumerateArray().ToArray() : [named];
        return [.. values.Where(v => v.ValueKind == JsonValueKind.String).Select(v => v.TryGetGuid(out var id) ? id : (Guid?)null).OfType<Guid>().Distinct()];
    }

    private static int? GetMaxLength(string parameter) => parameter switch
    {
        "sort" => ResourceQueryLimits.MaxSortLength,
        "filter" => ResourceQueryLimits.MaxFilterLength,
        "fields" => ResourceQueryLimits.MaxFieldsLength,
        "expand" => ResourceQueryLimits.MaxExpandLength,
        _ => null,
    };

    private HashSet<string>? Names(IQueryCollection query, string parameter, IEnumerable<string> allowed)
    {
        if (query[parameter].FirstOrDefault() is not { } text) return null;
        HashSet<string> names = [.. text.Split(',', StringSplitOptions.TrimEntries)];
        foreach (var name in names.Where(n => !allowed.Contains(n)))
            if (name.Length == 0) _errors.AddError(parameter, ValidationErrors.EmptyName(text));
            else _errors.AddError(parameter,
                $"{(name.Length <= 60 ? name : name[..60] + "…")} is not among "
                    + $"{(allowed.Any() ? string.Join(", ", allowed) : "these, of which there are none")}{DidYouMean.Hint(name, allowed)}");
        return names;
    }

    private int? Number(IQueryCollection query, string parameter, int max)
    {
        if (query[parameter].FirstOrDefault() is not { } text) return null;
        if (text is ['0', _, ..] || text.Length == 0 || !text.All(char.IsAsciiDigit))
            _errors.AddError(parameter, $"must be a whole number from 1 to {max}, in digits without a sign or leading zeros");
        else if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= 1 && number <= max) return number;
        else _errors.AddError(parameter, $"must be between 1 and {max}");
        return null;
    }

    private JsonElement? Object(string? text)
    {
        if (text is null) return null;
        try
        {
            var filter = ClientJson.Parse(text);
            if (filter.ValueKind == JsonValueKind.Object) return filter;
        }
        catch (JsonException e)
        {
            _errors.AddError("filter",
                e.InnerException is InvalidOperationException
                    ? ValidationErrors.NotUnicode
                    : ClientJson.TooDeep(new(Encoding.UTF8.GetBytes(text))) ?? "must be well-formed JSON without doubled fields");
            return null;
        }
        _errors.AddError("filter", "must be an object such as {\"status\": \"SCHEDULED\"}");
        return null;
    }
}
