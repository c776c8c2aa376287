using System.Collections;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using MedCor.Contracts.Clinical;

namespace MedCor.Contracts;

/// <summary>
/// Describes what the audit trail records of a tool or a resource: where the results contain audited entities and which parameters identify them. It is derived
/// from the contract once, so that no tool can omit it.
/// </summary>
public sealed class AuditDescriptor
{
    /// <summary>The fields that can identify an entity without an <c>id</c>, as the result of a change can be.</summary>
    private static readonly string[] IdFields = ["id", "session_id", "user_id", "doctor_id", "hospital_id"];

    /// <summary>The patient whose entity the merge of two patients is.</summary>
    private const string SurvivingPatient = "surviving_patient_id";

    /// <summary>The other patient of a merge, for whom it is recorded too.</summary>
    private const string MergedPatient = "merged_patient_id";

    private readonly Func<object, IEnumerable<object>> _find;
    private readonly Func<object, AuditedEntity> _describe;
    private readonly Func<object, object?>? _mergedPatientId;
    private readonly Func<object, object?>? _resourceId;
    private readonly Func<object, object?>? _patientId;
    private readonly JsonPropertyInfo[]? _fields;

    private AuditDescriptor(AuditKind kind, string resource, Type entity, Func<object, IEnumerable<object>> find, Effect effect, Type? parameters)
    {
        (Kind, Resource, _find) = (kind, resource, find);
        _describe = kind == AuditKind.Clinical ? DescribeClinicalContent : CreateDescription(entity, resource, kind);
        _mergedPatientId = Json.Options.GetTypeInfo(entity).Properties.SingleOrDefault(p => p.Name == MergedPatient)?.Get;
        if (parameters is null) return;

        var properties = Json.Strict.GetTypeInfo(parameters).Properties.ToArray();
        var ids = properties.Where(p => p.Name.EndsWith("_id", StringComparison.Ordinal)).ToArray();
        var entityName = JsonNamingPolicy.SnakeCaseLower.ConvertName(entity.Name);
        // The parameter that identifies a medical record is record_id, not medical_record_id; a changed user's is user_id, not updated_user_id.
        _resourceId = (ids.FirstOrDefault(p => $"{entityName}_id".EndsWith(p.Name, StringComparison.Ordinal))
            ?? ids.FirstOrDefault(p => kind != AuditKind.Clinical && p.Name == GetIdField(entity)))?.Get;
        _patientId = (ids.FirstOrDefault(p => p.Name == "patient_id") ?? ids.FirstOrDefault(p => p.Name == SurvivingPatient))?.Get;
        if (effect == Effect.Read || kind == AuditKind.Clinical) return;
        // A medical record number, for which null is the same as omitting it, is a field of the entity.
        var entityFields = Json.Options.GetTypeInfo(entity).Properties.Select(p => p.Name).ToHashSet();
        _fields = [.. properties.Except(ids).Where(
            p => entityFields.Contains(p.Name) || p.AttributeProvider?.IsDefined(typeof(NotAFieldAttribute), inherit: false) is not true)];
    }

    /// <summary>Gets the kind under which an access is recorded.</summary>
    public AuditKind Kind { get; }

    /// <summary>Gets the name of the resource, as in <c>/api/mcp/resources/{resource}</c> where it has a path.</summary>
    public string Resource { get; }

    /// <summary>Creates the descriptor of a tool or of reading a resource, or returns null when no access is recorded.</summary>
    /// <param name="result">The type of the results.</param>
    /// <param name="parameters">The type of the tool's parameters; null for a resource.</param>
    /// <exception cref="InvalidOperationException">
    /// The results contain no audited entity, so that nothing says whether accesses are recorded, or several kinds, which a single audit event cannot describe.
    /// </exception>
    public static AuditDescriptor? Create(Type result, Effect effect, Type? parameters = null)
    {
        var entities = new HashSet<Type>();
        var find = CreateFinder(result, entities);
        if (find is null || entities.Count != 1)
            throw new InvalidOperationException($"{result} holds {(entities.Count == 0 ? "nothing with [Audited]" : "several kinds of audited entities")}.");

        var entity = entities.Single();
        if (entity.GetCustomAttribute<AuditedAttribute>() is not { } audited)
            return new(AuditKind.Clinical, $"{JsonNamingPolicy.SnakeCaseLower.ConvertName(entity.Name)}s", entity, find, effect, parameters);
        if (effect == Effect.Read && !audited.RecordsReads) return null;
        var resource = audited.Resource ?? entity.GetCustomAttribute<ResourceAttribute>()?.Name
            ?? throw new InvalidOperationException($"The [Audited] of {entity} names no resource.");
        return new(effect == Effect.Read ? audited.Kind : audited.Writes, resource, entity, find, effect, parameters);
    }

    /// <summary>Returns all audited entities in a result; the merge of two patients once for each of them.</summary>
    public IEnumerable<AuditedEntity> FindIn(object result)
    {
        if (_mergedPatientId is not { } getMerged) return _find(result).Select(_describe);
        return _find(result).SelectMany(merge => (AuditedEntity[])[_describe(merge), _describe(merge) with { PatientId = (Guid?)getMerged(merge) }]);
    }

    /// <summary>Describes what a call requested, as far as its parameters could be read.</summary>
    public AuditedAccess DescribeAccess(string tool, object? parameters) => parameters is null
        ? new(tool, Resource) { Kind = Kind }
        : new(tool, Resource, (Guid?)_resourceId?.Invoke(parameters), (Guid?)_patientId?.Invoke(parameters))
        {
            Kind = Kind,
            Fields = _fields is null ? null
                : [.. _fields.Where(p => p.Get!(parameters) is not (null or IOptional { IsGiven: false })).Select(p => p.Name)],
        };

    /// <summary>Returns the audit outcome of a refused call, or null for an internal failure, which shows and changes nothing.</summary>
    public static AuditOutcome? GetOutcome(ApiException error) => error.Code switch
    {
        ErrorCodes.PermissionDenied or ErrorCodes.AuthStepUp => AuditOutcome.Forbidden,
        ErrorCodes.ResourceNotFound => AuditOutcome.Missing,
        ErrorCodes.ValidationError => AuditOutcome.Invalid,
        ErrorCodes.Conflict => AuditOutcome.Conflict,
        _ => null,
    };

    private static AuditedEntity DescribeClinicalContent(object content)
    {
        var clinical = (IClinicalContent)content;
        return new(clinical.Id, clinical.HospitalId, clinical.PatientId, clinical.Version);
    }

    /// <summary>Creates the function that describes an entity by its fields.</summary>
    private static Func<object, AuditedEntity> CreateDescription(Type entity, string resource, AuditKind kind)
    {
        var fields = Json.Options.GetTypeInfo(entity).Properties.Where(p => p.Get is not null).ToDictionary(p => p.Name, p => p.Get!);
        var id = GetIdField(entity) is { } idField ? fields[idField] : null;
        var hospital = resource == "hospitals" ? id : fields.GetValueOrDefault("hospital_id");
        var version = fields.GetValueOrDefault("version");
        var patient = fields.GetValueOrDefault("patient_id") ?? fields.GetValueOrDefault(SurvivingPatient) ?? (entity == typeof(Identity.Patient) ? id : null);
        var role = fields.GetValueOrDefault("role");
        // A page of the trail names many patients. Whoever reads it is recorded once.
        if (kind == AuditKind.Audit) return e => new(null, (Guid?)hospital?.Invoke(e), null, null);
        return e =>
        {
            var ownId = (Guid?)id?.Invoke(e);
            return new(ownId, (Guid?)hospital?.Invoke(e), role?.Invoke(e) is Role.Patient ? ownId : (Guid?)patient?.Invoke(e), (long?)version?.Invoke(e));
        };
    }

    private static string? GetIdField(Type entity)
    {
        var names = Json.Options.GetTypeInfo(entity).Properties.Select(p => p.Name).ToHashSet();
        return IdFields.FirstOrDefault(names.Contains);
    }

    private static Func<object, IEnumerable<object>>? CreateFinder(Type type, HashSet<Type> entities)
    {
        if (type.IsAssignableTo(typeof(IClinicalContent)) || type.IsDefined(typeof(AuditedAttribute), inherit: false))
        {
            entities.Add(type);
            return content => [content];
        }
        var info = Json.Options.GetTypeInfo(type);
        if (info.Kind == JsonTypeInfoKind.Enumerable)
            return CreateFinder(info.ElementType!, entities) is { } inEach ? list => ((IEnumerable)list).Cast<object>().SelectMany(inEach) : null;
        if (info.Kind != JsonTypeInfoKind.Object) return null;

        var parts = (from property in info.Properties
                     where property.Get is not null
                     let find = CreateFinder(property.PropertyType, entities)
                     where find is not null
                     select (Get: property.Get, Find: find)).ToArray();
        return parts.Length == 0 ? null : container => parts.SelectMany(part => part.Get(container) is { } value ? part.Find(value) : []);
    }
}
