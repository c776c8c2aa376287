using System.Buffers;
using System.Text.Json;
using MedCor.Contracts;
using MedCor.Gateway.Limits;
using MedCor.Gateway.ToolInvocation;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Primitives;

namespace MedCor.Gateway.Endpoints;

/// <summary>
/// Reads resources for every surface. The owning service validates the query, filters, sorts, pages and selects fields; references are expanded here.
/// </summary>
internal sealed class ResourceReader(ToolInvoker invoker, BufferedBytesLimiter buffers)
{
    /// <summary>The maximum number of ids in one request to a service.</summary>
    private const int MaxIdsPerQuery = 100;

    /// <summary>Reads a resource. Throws as <see cref="ToolInvoker.ReadResourceAsync"/> does.</summary>
    /// <param name="path">The path after the resource's name: empty, or the escaped id of an entity.</param>
    public async Task<ResourceContent> ReadAsync(InvocationContext context, ResourceDescriptor resource, string path, QueryString queryString,
        CancellationToken ct)
    {
        var query = QueryHelpers.ParseQuery(queryString.Value);
        var (fields, references) = (SplitNames(query, "fields"), GetExpansions(query, resource));
        var response = await invoker.ReadResourceAsync(context, resource, path + BuildServiceQuery(queryString, query, fields, references), ct);
        var content = new ResourceContent(response);
        if (response.Status != StatusCodes.Status200OK || references.Length == 0) return content;
        try
        {
            await ExpandAsync(content, context, new(isList: resource.IsList && path.Length == 0), references, fields,
                int.TryParse(query.GetValueOrDefault("limit"), out var limit) ? limit : 20, ct);
            return content;
        }
        catch
        {
            content.Dispose();
            throw;
        }
    }

    private async Task ExpandAsync(ResourceContent content, InvocationContext context, ResourceExpansion expansion, ResourceReference[] references,
        string[]? fields, int limit, CancellationToken ct)
    {
        var (response, responses) = (content.Response, new List<ToolResponse>());
        try
        {
            var referenced = new Dictionary<string, ReadOnlyMemory<byte>>[references.Length];
            for (var i = 0; i < references.Length; i++)
                referenced[i] = await FetchReferencedAsync(expansion.CollectIds(response.Body.Span, references[i]), references[i], context, responses, ct);
            var lease = buffers.CreateLease(context.ServiceHeaders.CallerKey);
            content.Keep(lease);
            lease.Resize(response.Body.Length);
            HashSet<string>? selected = fields is null ? null : [.. fields];
            var expanded = ResponseBuffer.WriteJson(json => expansion.Write(response.Body.Span, references, referenced, selected, json), limit);
            content.Keep(expanded);
            lease.Resize(expanded.WrittenSequence.Length);
            content.Body = expanded.WrittenSequence;
        }
        finally
        {
            foreach (var target in responses) target.Dispose();
        }
    }

    /// <summary>Returns the references to expand. Unknown names are omitted; the service rejects them.</summary>
    private static ResourceReference[] GetExpansions(Dictionary<string, StringValues> query, ResourceDescriptor resource) =>
        [.. (SplitNames(query, "expand") ?? []).Distinct().Select(name => resource.References.GetValueOrDefault(name)).OfType<ResourceReference>()];

    /// <summary>Returns the query for the service, which also selects the fields of the references to expand.</summary>
    private static QueryString BuildServiceQuery(QueryString queryString, Dictionary<string, StringValues> query, string[]? fields,
        ResourceReference[] references)
    {
        if (fields is null || references.Length == 0 || query["fields"].Count != 1) return queryString;
        return QueryString.Create(query.Where(q => q.Key != "fields")
            .Append(new("fields", string.Join(',', fields.Concat(references.Select(r => r.List ?? r.Field)).Distinct()))));
    }

    /// <summary>
    /// Returns the referenced entities that the caller may read, by id, with as few requests as possible. The entities are parts of the added responses,
    /// which the caller of this method disposes of.
    /// </summary>
    private async Task<Dictionary<string, ReadOnlyMemory<byte>>> FetchReferencedAsync(IEnumerable<string> allIds, ResourceReference reference,
        InvocationContext context, List<ToolResponse> responses, CancellationToken ct)
    {
        var referenced = new Dictionary<string, ReadOnlyMemory<byte>>();
        var target = ResourceCatalogue.All[reference.Resource];
        if (!context.Caller.IsOneOf(target.Callers) || !context.Caller.Covers(target.Scope)) return referenced;
        foreach (var ids in allIds.Chunk(MaxIdsPerQuery))
        {
            var filter = JsonSerializer.Serialize(new { id = new { @in = ids } });
            var response = await invoker.ReadResourceAsync(context, target, $"?limit={ids.Length}&filter={Uri.EscapeDataString(filter)}", ct);
            responses.Add(response);
            if (response.Status != StatusCodes.Status200OK)
                throw new Unavailable($"{target.Name} could not be read to expand {reference.Expanded}. Retry shortly.");
            foreach (var (id, entity) in ResourceExpansion.IndexById(response.Body)) referenced[id] = entity;
        }
        return referenced;
    }

    private static string[]? SplitNames(Dictionary<string, StringValues> query, string parameter) =>
        query.GetValueOrDefault(parameter).FirstOrDefault()?.Split(',', StringSplitOptions.TrimEntries);
}

/// <summary>Represents what was read: the service's response and, where references were expanded, a body of its own. Dispose of it after use.</summary>
internal sealed class ResourceContent(ToolResponse response) : IDisposable
{
    private readonly List<IDisposable> _kept = [];

    public ToolResponse Response => response;

    /// <summary>Gets the body; for an error, that of the service.</summary>
    public ReadOnlySequence<byte> Body { get; set; } = new(response.Body);

    /// <summary>Keeps what the body needs until this is disposed of.</summary>
    public void Keep(IDisposable resource) => _kept.Add(resource);

    public void Dispose()
    {
        response.Dispose();
        for (var i = _kept.Count - 1; i >= 0; i--) _kept[i].Dispose();
    }
}
