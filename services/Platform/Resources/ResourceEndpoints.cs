using System.Reflection;
using System.Text.Json;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Platform.Audit;
using MedCor.Platform.Limits;
using MedCor.ServiceDefaults.Authentication;
using MedCor.Validation;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace MedCor.Platform.Resources;

/// <summary>Maps a service's resources to <c>GET /resources/{name}</c> and <c>/resources/{name}/{id}</c>.</summary>
public static class ResourceEndpoints
{
    /// <summary>
    /// Registers the resource handlers of an assembly. Throws <see cref="InvalidOperationException"/> listing every resource of the service without a handler.
    /// </summary>
    internal static IReadOnlyList<ResourceDescriptor> AddResourceHandlers(this IServiceCollection services, Assembly assembly, string service)
    {
        var answering = (from type in assembly.GetTypes()
                         where type is { IsClass: true, IsAbstract: false }
                         from promised in type.GetInterfaces()
                         where promised.IsGenericType && promised.GetGenericTypeDefinition() == typeof(IResourceHandler<>)
                         select (Entity: promised.GetGenericArguments()[0], Promised: promised, Type: type)).ToDictionary(a => a.Entity);

        var resources = ResourceCatalogue.All.Values.Where(r => r.Service == service).ToArray();
        var orphans = resources.Where(r => !answering.ContainsKey(r.Entity)).Select(r => r.Name).ToArray();
        if (orphans.Length > 0) throw new InvalidOperationException($"The {service} service promises resources that nothing answers for: {string.Join(", ", orphans)}.");

        foreach (var (_, promised, type) in answering.Values)
        {
            services.AddScoped(type);
            services.AddScoped(promised, provider => provider.GetRequiredService(type));
        }
        return resources;
    }

    /// <summary>Maps the resources.</summary>
    internal static void MapResources(this IEndpointRouteBuilder app, IEnumerable<ResourceDescriptor> resources)
    {
        foreach (var resource in resources)
        {
            var map = typeof(ResourceEndpoints).GetMethod(nameof(Map), BindingFlags.NonPublic | BindingFlags.Static)!.MakeGenericMethod(resource.Entity);
            map.CreateDelegate<Action<IEndpointRouteBuilder, ResourceDescriptor>>()(app, resource);
        }
    }

    private static void Map<TContract>(IEndpointRouteBuilder app, ResourceDescriptor resource)
    {
        app.MapGet($"/resources/{resource.Name}", http => HandleAsync<TContract>(http, resource, isOfOne: false)).WithMetadata(resource);
        app.MapGet($"/resources/{resource.Name}/{{id}}", http => HandleAsync<TContract>(http, resource, isOfOne: true)).WithMetadata(resource);
    }

    private static async Task HandleAsync<TContract>(HttpContext http, ResourceDescriptor resource, bool isOfOne)
    {
        var (services, ct) = (http.RequestServices, http.RequestAborted);
        var caller = await services.GetRequiredService<TokenValidator>().AuthenticateAsync(http);
        services.GetRequiredService<MedCor.Platform.Tenancy.TenantContext>().Enter(caller);

        var isRecorded = typeof(TContract).IsAssignableTo(typeof(IClinicalContent));
        var access = new AuditedAccess($"resources/{resource.Name}", resource.Name);
        IReadOnlyCollection<Guid> patients = [];
        try
        {
            if (!caller.IsOneOf(resource.Callers)) throw new Forbidden($"Your role does not include {resource.Name}.");
            var asked = new ResourceQuery(resource, http.Request.Query, isOfOne);
            var answering = services.GetRequiredService<IResourceHandler<TContract>>();
            using var room = await services.GetRequiredService<RequestMemoryLimiter>().AcquireForResponseAsync(isOfOne ? 1 : asked.Limit, ct);
            object shown;
            if (isOfOne)
            {
                if (!Uuids.TryParse((string?)http.GetRouteValue("id"), out var id)) throw new ValidationFailed("id", "must be a UUID");
                access = access with { ResourceId = id };
                asked.ThrowIfInvalid();
                shown = (await answering.GetAsync(id, ct))!;
            }
            else
            {
                patients = asked.PatientIds;
                shown = await answering.ListAsync(asked, ct);
            }
            using var answer = ResponseBuffer.WriteJson(json => Write(json, shown, asked.Fields), isOfOne ? null : asked.Limit);
            if (isRecorded) await RecordAsync(AuditOutcome.Done, shown is Page<TContract> page ? [.. page.Results.OfType<IClinicalContent>()] : [(IClinicalContent)shown], ct);
            http.Response.ContentType = "application/json";
            await answer.CopyToAsync(http.Response.BodyWriter, ct);
        }
        catch (ApiException refusal) when (isRecorded && ClinicalContentDescriptor.GetOutcome(refusal) is { } outcome)
        {
            await RecordAsync(outcome, [], CancellationToken.None);
            throw;
        }

        // Writes only the requested fields of each row of a page, or of the single object.
        static void Write(Utf8JsonWriter json, object shown, IReadOnlySet<string>? fields)
        {
            if (fields is null) JsonSerializer.Serialize(json, shown, shown.GetType(), Json.Options);
            else if (shown is Page<TContract> page) page.WriteTo(json, row => WriteFields(json, row!, fields));
            else WriteFields(json, shown, fields);
        }

        async Task RecordAsync(AuditOutcome outcome, IReadOnlyCollection<IClinicalContent> content, CancellationToken until)
        {
            var trail = services.GetRequiredService<IAuditTrail>();
            // Without content nothing else says whose it would have been, so the trail of each patient that was named gets an event.
            if (content.Count > 0 || patients.Count == 0) await trail.RecordAsync(access, outcome, content, until);
            else
                foreach (var patient in patients) await trail.RecordAsync(access with { PatientId = patient }, outcome, content, until);
        }
    }

    /// <summary>Writes a page with a custom writer for its rows.</summary>
    private static void WriteTo<T>(this Page<T> page, Utf8JsonWriter json, Action<T> writeRow) => Write(json, page, (name, _) =>
    {
        if (name != "results") return false;
        json.WriteStartArray();
        foreach (var row in page.Results) writeRow(row);
        json.WriteEndArray();
        return true;
    });

    private static void WriteFields(Utf8JsonWriter json, object row, IReadOnlySet<string> fields) => Write(json, row, null, fields);

    /// <summary>Writes an object as the serializer does, field by field.</summary>
    /// <param name="instead">Writes the value of a field itself and returns true; returns false to leave it to the serializer.</param>
    /// <param name="fields">The fields to write; null for all.</param>
    private static void Write(Utf8JsonWriter json, object value, Func<string, object?, bool>? instead, IReadOnlySet<string>? fields = null)
    {
        json.WriteStartObject();
        foreach (var property in Json.Options.GetTypeInfo(value.GetType()).Properties)
        {
            if (property.Get is not { } get || fields?.Contains(property.Name) == false) continue;
            var of = get(value);
            if (property.ShouldSerialize?.Invoke(value, of) == false) continue;
            json.WritePropertyName(property.Name);
            if (instead?.Invoke(property.Name, of) != true) JsonSerializer.Serialize(json, of, property.PropertyType, Json.Options);
        }
        json.WriteEndObject();
    }
}
