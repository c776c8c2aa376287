using System.Text.Json;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Platform.Audit;
using MedCor.Platform.Calls;
using MedCor.Validation;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace MedCor.Platform.Resources;

/// <summary>Represents one read of a resource: of one entity, when the route has an id, or of a page.</summary>
internal sealed class ResourceCall<TEntity>(HttpContext http, ResourceDescriptor resource, bool isSingle)
    : Call(http, resource.Name, resource.Callers, resource.Scope, isAudited: resource.Audit is not null)
{
    private ResourceQuery Query => field ??= new(resource, Http.Request.Query, isSingle);

    /// <summary>Gets the ID in the path; null when there is none or it is invalid.</summary>
    private Guid? Id => Uuids.TryParse((string?)Http.GetRouteValue("id"), out var id) ? id : null;

    protected override async Task HandleAsync()
    {
        var query = Query;
        var handler = Services.GetRequiredService<IResourceHandler<TEntity>>();
        using var memory = await AcquireMemoryAsync(isSingle ? null : query.Limit);
        if (isSingle)
        {
            if (Id is not { } id) throw new ValidationFailed("id", "must be a UUID");
            query.ThrowIfInvalid();
            await SendAsync<object>((await handler.GetAsync(id, Aborted))!, limit: null, Write, FindContent);
        }
        else
        {
            var result = await handler.ListAsync(query, Aborted);
            // Afterwards, so that an invalid request is reported as such.
            await Services.GetRequiredService<NamedHospitals>().EnsureExistAsync(query.HospitalIds, Aborted);
            await SendAsync(result, query.Limit, Write, FindContent);
        }

        void Write(Utf8JsonWriter json, object result) => WriteResult(json, result, query.Fields);
    }

    protected override async Task WriteAuditEventAsync(IAuditTrail trail, AuditOutcome outcome,
        IReadOnlyCollection<AuditedEntity> content, CancellationToken ct)
    {
        // Content names its patient itself. Without content, the trail of each patient in the query gets an event, and that of each row's patient: the total
        // of an empty page still tells whether there are rows.
        var requested = new AuditedAccess($"resources/{resource.Name}", resource.Audit!.Resource, ResourceId: Id) { Kind = resource.Audit.Kind };
        AuditedAccess[] named = content.Any(entity => entity.Id is not null) ? []
            : [.. Query.PatientIds.Select(patient => requested with { PatientId = patient }), .. Query.Ids.Select(id => requested with { ResourceId = id })];
        foreach (var access in named.DefaultIfEmpty(requested)) await trail.RecordAsync(access, outcome, content, ct);
    }

    private IEnumerable<AuditedEntity> FindContent(object result) =>
        result is Page<TEntity> page ? page.Results.SelectMany(entity => resource.Audit!.FindIn(entity!)) : resource.Audit!.FindIn(result);

    /// <summary>Writes the requested fields of an entity, or of each entity of a page.</summary>
    private static void WriteResult(Utf8JsonWriter json, object result, IReadOnlySet<string>? fields)
    {
        if (fields is null) JsonSerializer.Serialize(json, result, result.GetType(), Json.Options);
        else if (result is not Page<TEntity> page) WriteObject(json, result, fields);
        else
            WriteObject(json, page, fields: null, (name, _) =>
            {
                if (name != "results") return false;
                json.WriteStartArray();
                foreach (var entity in page.Results) WriteObject(json, entity!, fields);
                json.WriteEndArray();
                return true;
            });
    }

    /// <summary>Writes an object as the serializer does, field by field.</summary>
    /// <param name="fields">The fields to write; null for all.</param>
    /// <param name="writeValue">Writes the value of a field itself and returns true; returns false to leave it to the serializer.</param>
    private static void WriteObject(Utf8JsonWriter json, object value, IReadOnlySet<string>? fields, Func<string, object?, bool>? writeValue = null)
    {
        json.WriteStartObject();
        foreach (var property in Json.Options.GetTypeInfo(value.GetType()).Properties)
        {
            if (property.Get is not { } get || fields?.Contains(property.Name) == false) continue;
            var field = get(value);
            if (property.ShouldSerialize?.Invoke(value, field) == false) continue;
            json.WritePropertyName(property.Name);
            if (writeValue?.Invoke(property.Name, field) != true) JsonSerializer.Serialize(json, field, property.PropertyType, Json.Options);
        }
        json.WriteEndObject();
    }
}
