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
/// <c>GET /api/mcp/resources/{resource}</c> and <c>/{id}</c>. The owning service checks the query, filters, sorts, pages and cuts to the fields that were asked for; here the answer is expanded and
/// tagged. An answer that is not expanded is passed on as the bytes that it is.
/// </summary>
internal sealed class ReadResourceEndpoints(ToolInvoker invoker, BufferedBytesLimiter buffers) : IEndpoints
{
    /// <summary>So many ids go into one question.</summary>
    private const int MaxIdsPerQuery = 100;

    internal const string BasePath = "/api/mcp/resources";

    public void Map(IEndpointRouteBuilder app)
    {
        foreach (var resource in ResourceCatalogue.All.Values)
        {
            app.MapGet($"{BasePath}/{resource.Name}", http => HandleAsync(http, resource, "")).WithMetadata(QueryParametersMetadata.Read, resource);
            if (!resource.IsList) continue;
            app.MapGet($"{BasePath}/{resource.Name}/{{id}}", http => HandleAsync(http, resource, $"/{Uri.EscapeDataString((string)http.GetRouteValue("id")!)}")).WithMetadata(QueryParametersMetadata.Read, resource);
        }
    }

    private async Task HandleAsync(HttpContext http, ResourceDescriptor resource, string path)
    {
        var visitor = InvocationContext.FromRequest(http, "resources");
        var (fields, references) = (SplitNames(http, "fields"), GetExpansions(http, resource));
        using var answer = await invoker.ReadResourceAsync(visitor, resource, path + BuildServiceQuery(http, fields, references), http.RequestAborted);
        if (answer.Status != StatusCodes.Status200OK)
        {
            await WriteAsync(http, answer.Status, new(answer.Body), answer.RetryAfter);
            return;
        }
        if (references.Length == 0)
        {
            await WriteWithETagAsync(http, resource, new(answer.Body));
            return;
        }

        var (expansion, others) = (new ResourceExpansion(isList: resource.IsList && path.Length == 0), new List<ToolResponse>());
        try
        {
            var found = new Dictionary<string, ReadOnlyMemory<byte>>[references.Length];
            for (var i = 0; i < references.Length; i++) found[i] = await FetchReferencedAsync(expansion.CollectIds(answer.Body.Span, references[i]), references[i], visitor, others, http.RequestAborted);
            using var held = buffers.CreateLease(visitor.ServiceHeaders.CallerKey);
            held.Resize(answer.Body.Length);
            HashSet<string>? keep = fields is null ? null : [.. fields];
            using var expanded = ResponseBuffer.WriteJson(json => expansion.Write(answer.Body.Span, references, found, keep, json), int.TryParse(http.Request.Query["limit"], out var limit) ? limit : 20);
            held.Resize(expanded.WrittenSequence.Length);
            await WriteWithETagAsync(http, resource, expanded.WrittenSequence);
        }
        finally
        {
            foreach (var other in others) other.Dispose();
        }
    }

    /// <summary>What is to be expanded. Of a name that is none the service says so.</summary>
    private static ResourceReference[] GetExpansions(HttpContext http, ResourceDescriptor resource) =>
        [.. (SplitNames(http, "expand") ?? []).Distinct().Select(name => resource.References.GetValueOrDefault(name)).OfType<ResourceReference>()];

    /// <summary>The query as the service gets it: with the fields by which is found what is expanded.</summary>
    private static QueryString BuildServiceQuery(HttpContext http, string[]? fields, ResourceReference[] references)
    {
        if (fields is null || references.Length == 0 || http.Request.Query["fields"].Count != 1) return http.Request.QueryString;
        return QueryString.Create(http.Request.Query.Where(q => q.Key != "fields")
            .Append(new("fields", string.Join(',', fields.Concat(references.Select(r => r.List ?? r.Field)).Distinct()))));
    }

    /// <summary>Answers with what did not change since the reader had it, or that it did not.</summary>
    private static async Task WriteWithETagAsync(HttpContext http, ResourceDescriptor resource, ReadOnlySequence<byte> body)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var piece in body) hash.AppendData(piece.Span);
        var tag = new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(hash.GetHashAndReset())}\"");
        http.Response.Headers.ETag = tag.ToString();
        // To be kept by the caller alone, and asked for again every time.
        http.Response.Headers.CacheControl = "private, no-cache";
        http.Response.Headers.Vary = "Authorization";
        if (resource.MayBeCompressed()) http.AllowCompression();
        var known = http.Request.GetTypedHeaders().IfNoneMatch;
        if (known.Any(k => k.Equals(EntityTagHeaderValue.Any) || k.Compare(tag, useStrongComparison: false))) http.Response.StatusCode = StatusCodes.Status304NotModified;
        else await WriteAsync(http, StatusCodes.Status200OK, body, retryAfter: null);
    }

    /// <summary>What is named, by id, as far as the caller may read it: asked for in one question, not one for each. It lies in the answers, to be disposed of by who asks.</summary>
    private async Task<Dictionary<string, ReadOnlyMemory<byte>>> FetchReferencedAsync(IEnumerable<string> named, ResourceReference reference, InvocationContext visitor, List<ToolResponse> answers, CancellationToken ct)
    {
        var found = new Dictionary<string, ReadOnlyMemory<byte>>();
        var other = ResourceCatalogue.All[reference.Resource];
        if (!visitor.Caller.IsOneOf(other.Callers)) return found;
        foreach (var ids in named.Chunk(MaxIdsPerQuery))
        {
            var filter = JsonSerializer.Serialize(new { id = new { @in = ids } });
            var answer = await invoker.ReadResourceAsync(visitor, other, $"?limit={ids.Length}&filter={Uri.EscapeDataString(filter)}", ct);
            answers.Add(answer);
            if (answer.Status != StatusCodes.Status200OK) throw new Unavailable($"{other.Name} could not be read to expand {reference.Expanded}. Try again shortly.");
            foreach (var (id, entity) in ResourceExpansion.IndexById(answer.Body)) found[id] = entity;
        }
        return found;
    }

    private static string[]? SplitNames(HttpContext http, string parameter) =>
        http.Request.Query[parameter].FirstOrDefault()?.Split(',', StringSplitOptions.TrimEntries);

    private static async Task WriteAsync(HttpContext http, int status, ReadOnlySequence<byte> body, string? retryAfter)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = "application/json";
        http.Response.ContentLength = body.Length;
        if (retryAfter is not null) http.Response.Headers.RetryAfter = retryAfter;
        await ResponseSender.SendAsync(http, body);
    }
}
