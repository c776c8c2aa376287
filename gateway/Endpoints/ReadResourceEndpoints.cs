using System.Buffers;
using System.Security.Cryptography;
using System.Text.Json;
using MedCor.Contracts;
using MedCor.Gateway.HttpPipeline;
using MedCor.Gateway.Limits;
using MedCor.Gateway.ToolInvocation;
using Microsoft.Net.Http.Headers;

namespace MedCor.Gateway.Endpoints;

/// <summary>
/// Maps <c>GET /api/mcp/resources/{resource}</c> and <c>/{id}</c>. The owning service validates the query, filters, sorts, pages and selects fields; the
/// gateway expands references and adds an ETag. A response without expanded references is forwarded unchanged.
/// </summary>
internal sealed class ReadResourceEndpoints(ToolInvoker invoker, BufferedBytesLimiter buffers) : IEndpoints
{
    /// <summary>The maximum number of ids in one request to a service.</summary>
    private const int MaxIdsPerQuery = 100;

    internal const string BasePath = "/api/mcp/resources";

    public void Map(IEndpointRouteBuilder app)
    {
        foreach (var resource in ResourceCatalogue.All.Values)
        {
            var whole = app.MapGet($"{BasePath}/{resource.Name}", http => HandleAsync(http, resource, "")).WithMetadata(QueryParametersMetadata.Read, resource);
            if (!resource.IsList)
            {
                whole.DescribeSingle(resource);
                continue;
            }
            whole.DescribeList(resource);
            app.MapGet($"{BasePath}/{resource.Name}/{{id}}", http => HandleAsync(http, resource, $"/{Uri.EscapeDataString((string)http.GetRouteValue("id")!)}"))
                .WithMetadata(QueryParametersMetadata.Read, resource).DescribeRow(resource);
        }
    }

    private async Task HandleAsync(HttpContext http, ResourceDescriptor resource, string path)
    {
        var context = InvocationContext.FromRequest(http, "resources");
        var (fields, references) = (SplitNames(http, "fields"), GetExpansions(http, resource));
        using var response = await invoker.ReadResourceAsync(context, resource, path + BuildServiceQuery(http, fields, references), http.RequestAborted);
        if (response.Status != StatusCodes.Status200OK)
        {
            await response.WriteToAsync(http);
            return;
        }
        if (references.Length == 0)
        {
            await WriteWithETagAsync(http, resource, new(response.Body));
            return;
        }

        var (expansion, responses) = (new ResourceExpansion(isList: resource.IsList && path.Length == 0), new List<ToolResponse>());
        try
        {
            var referenced = new Dictionary<string, ReadOnlyMemory<byte>>[references.Length];
            for (var i = 0; i < references.Length; i++)
                referenced[i] = await FetchReferencedAsync(expansion.CollectIds(response.Body.Span, references[i]), references[i], context,
                    responses, http.RequestAborted);
            using var lease = buffers.CreateLease(context.ServiceHeaders.CallerKey);
            lease.Resize(response.Body.Length);
            HashSet<string>? selected = fields is null ? null : [.. fields];
            using var expanded = ResponseBuffer.WriteJson(json => expansion.Write(response.Body.Span, references, referenced, selected, json),
                int.TryParse(http.Request.Query["limit"], out var limit) ? limit : 20);
            lease.Resize(expanded.WrittenSequence.Length);
            await WriteWithETagAsync(http, resource, expanded.WrittenSequence);
        }
        finally
        {
            foreach (var target in responses) target.Dispose();
        }
    }

    /// <summary>Returns the references to expand. Unknown names are omitted; the service rejects them.</summary>
    private static ResourceReference[] GetExpansions(HttpContext http, ResourceDescriptor resource) =>
        [.. (SplitNames(http, "expand") ?? []).Distinct().Select(name => resource.References.GetValueOrDefault(name)).OfType<ResourceReference>()];

    /// <summary>Returns the query for the service, which also selects the fields of the references to expand.</summary>
    private static QueryString BuildServiceQuery(HttpContext http, string[]? fields, ResourceReference[] references)
    {
        if (fields is null || references.Length == 0 || http.Request.Query["fields"].Count != 1) return http.Request.QueryString;
        return QueryString.Create(http.Request.Query.Where(q => q.Key != "fields")
            .Append(new("fields", string.Join(',', fields.Concat(references.Select(r => r.List ?? r.Field)).Distinct()))));
    }

    /// <summary>Writes a response with an ETag, or 304 when the client already has it.</summary>
    private static async Task WriteWithETagAsync(HttpContext http, ResourceDescriptor resource, ReadOnlySequence<byte> body)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var segment in body) hash.AppendData(segment.Span);
        var tag = new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(hash.GetHashAndReset())}\"");
        http.Response.Headers.ETag = tag.ToString();
        // Only the caller may cache the response, and must revalidate it every time.
        http.Response.Headers.CacheControl = "private, no-cache";
        http.Response.Headers.Vary = "Authorization";
        if (resource.MayBeCompressed()) http.AllowCompression();
        var cached = http.Request.GetTypedHeaders().IfNoneMatch;
        if (cached.Any(k => k.Equals(EntityTagHeaderValue.Any) || k.Compare(tag, useStrongComparison: false)))
            http.Response.StatusCode = StatusCodes.Status304NotModified;
        else
        {
            http.Response.ContentType = "application/json";
            http.Response.ContentLength = body.Length;
            await ResponseSender.SendAsync(http, body);
        }
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

    private static string[]? SplitNames(HttpContext http, string parameter) =>
        http.Request.Query[parameter].FirstOrDefault()?.Split(',', StringSplitOptions.TrimEntries);
}
