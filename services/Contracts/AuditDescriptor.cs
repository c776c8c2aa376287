using System.Collections;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using MedCor.Contracts.Clinical;

namespace MedCor.Contracts;

/// <summary>
/// Describes where the results of a tool contain clinical content and which of its parameters identify the content. It is derived from the tool's contract
/// once, so that no tool can omit it.
/// </summary>
public sealed class ClinicalContentDescriptor
{
    private readonly Func<object, IEnumerable<IClinicalContent>> _find;
    private readonly Func<object, object?>? _resourceId;
    private readonly Func<object, object?>? _patientId;

    private ClinicalContentDescriptor(Type kind, Func<object, IEnumerable<IClinicalContent>> find, Type parameters)
    {
        var entityName = JsonNamingPolicy.SnakeCaseLower.ConvertName(kind.Name);
        (Resource, _find) = ($"{entityName}s", find);
        var ids = Json.Strict.GetTypeInfo(parameters).Properties.Where(p => p.Name.EndsWith("_id", StringComparison.Ordinal)).ToArray();
        // The parameter that identifies a medical record is record_id, not medical_record_id.
        _resourceId = ids.FirstOrDefault(p => $"{entityName}_id".EndsWith(p.Name, StringComparison.Ordinal))?.Get;
        _patientId = ids.FirstOrDefault(p => p.Name == "patient_id")?.Get;
    }

    /// <summary>Gets the name of the resource, as in <c>/api/mcp/resources/{resource}</c>.</summary>
    public string Resource { get; }

    /// <summary>Creates the descriptor of a tool, or returns null when its results contain no clinical content.</summary>
    /// <exception cref="InvalidOperationException">
    /// The results contain several kinds of clinical content, which a single audit entry cannot describe.
    /// </exception>
    public static ClinicalContentDescriptor? TryCreate(Type result, Type parameters)
    {
        var kinds = new HashSet<Type>();
        if (CreateFinder(result, kinds) is not { } find) return null;
        return kinds.Count == 1
            ? new(kinds.Single(), find, parameters)
            : throw new InvalidOperationException($"{result} holds several kinds of clinical content.");
    }

    /// <summary>Returns all clinical content in a result.</summary>
    public IEnumerable<IClinicalContent> FindIn(object result) => _find(result);

    /// <summary>Describes what a call requested, as far as its parameters could be read.</summary>
    public AuditedAccess DescribeAccess(string tool, object? parameters) =>
        parameters is null ? new(tool, Resource) : new(tool, Resource, (Guid?)_resourceId?.Invoke(parameters), (Guid?)_patientId?.Invoke(parameters));

    /// <summary>Returns the audit outcome of a refused call, or null for an internal failure, which shows and changes nothing.</summary>
    public static AuditOutcome? GetOutcome(ApiException error) => error.Code switch
    {
        ErrorCodes.PermissionDenied => AuditOutcome.Forbidden,
        ErrorCodes.ResourceNotFound => AuditOutcome.Missing,
        ErrorCodes.ValidationError => AuditOutcome.Invalid,
        ErrorCodes.Conflict => AuditOutcome.Conflict,
        _ => null,
    };

    private static Func<object, IEnumerable<IClinicalContent>>? CreateFinder(Type type, HashSet<Type> kinds)
    {
        if (type.IsAssignableTo(typeof(IClinicalContent)))
        {
            kinds.Add(type);
            return content => [(IClinicalContent)content];
        }
        var info = Json.Options.GetTypeInfo(type);
        if (info.Kind == JsonTypeInfoKind.Enumerable)
            return CreateFinder(info.ElementType!, kinds) is { } inEach ? list => ((IEnumerable)list).Cast<object>().SelectMany(inEach) : null;
        if (info.Kind != JsonTypeInfoKind.Object) return null;

        var parts = (from property in info.Properties
                     where property.Get is not null
                     let find = CreateFinder(property.PropertyType, kinds)
                     where find is not null
                     select (Get: property.Get, Find: find)).ToArray();
        return parts.Length == 0 ? null : container => parts.SelectMany(part => part.Get(container) is { } value ? part.Find(value) : []);
    }
}
