using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using MedCor.Contracts;
using MedCor.Gateway.Limits;
using MedCor.Gateway.Tools;
using MedCor.ServiceDefaults.Problems;
using MedCor.ServiceDefaults.Resources;
using Microsoft.Net.Http.Headers;

namespace MedCor.Gateway.Surfaces;

/// <summary>
/// <c>GET /api/mcp/resources/{resource}</c> and <c>/{id}</c>. The owning service checks the query, filters, sorts and pages; here the answer is expanded, cut to the
/// fields that were asked for, and tagged. An answer that needs none of it is passed on as the bytes that it is.
/// </summary>
internal static class Resources
{
    /// <summary>So many ids go into one question.</summary>
    private const int MostIds = 100;

    public static void MapResources(this IEndpointRouteBuilder app)
    {
        var services = app.ServiceProvider;
        var (entrance, door) = (services.GetRequiredService<Entrance>(), services.GetRequiredService<Door>());
        foreach (var resource in ResourceCatalogue.All.Values)
        {
            app.MapGet($"/api/mcp/resources/{resource.Name}", http => Answer(http, resource, entrance, door, ""));
            if (!resource.IsList) continue;
            app.MapGet($"/api/mcp/resources/{resource.Name}/{{id}}", http => Answer(http, resource, entrance, door, $"/{Uri.EscapeDataString((string)http.GetRouteValue("id")!)}"));
        }
    }

    private static async Task Answer(HttpContext http, ResourceKind resource, Entrance entrance, Door door, string path)
    {
        var visitor = await entrance.Visit(http, "resources");
        using var answer = await door.Read(visitor, resource, path + http.Request.QueryString, http.RequestAborted);
        if (answer.Status != StatusCodes.Status200OK)
        {
            await Write(http, answer.Status, answer.Body, answer.RetryAfter);
            return;
        }

        // The service has refused what is not among them.
        var (fields, expand) = (Names(http, "fields"), Names(http, "expand"));
        var body = answer.Body;
        if (fields is not null || expand is not null)
        {
            var json = JsonNode.Parse(answer.Body.Span)!.AsObject();
            var entities = json["results"] is JsonArray results && !resource.Fields.Contains("results") ? [.. results.Select(r => r!.AsObject())] : new[] { json };
            var references = expand?.Select(name => resource.References[name]).ToArray() ?? [];
            var others = await Task.WhenAll(references.Select(r => Find(entities, r, visitor, door, http.RequestAborted)));
            foreach (var (reference, found) in references.Zip(others))
                foreach (var place in Places(entities, reference))
                    place[reference.Expanded] = (string?)place[reference.Field] is { } id && found.TryGetValue(id, out var other) ? other.DeepClone() : null;
            if (fields is not null) Cut(entities, [.. fields, .. references.Select(r => r.List ?? r.Expanded)]);
            body = JsonSerializer.SerializeToUtf8Bytes<JsonNode>(json, Json.Options);
        }

        var tag = new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(SHA256.HashData(body.Span))}\"");
        http.Response.Headers.ETag = tag.ToString();
        // To be kept by the caller alone, and asked for again every time.
        http.Response.Headers.CacheControl = "private, no-cache";
        http.Response.Headers.Vary = "Authorization";
        if (resource.MayBeCompressed()) http.AllowCompression();
        var known = http.Request.GetTypedHeaders().IfNoneMatch;
        if (known.Any(k => k.Equals(EntityTagHeaderValue.Any) || k.Compare(tag, useStrongComparison: false))) http.Response.StatusCode = StatusCodes.Status304NotModified;
        else await Write(http, StatusCodes.Status200OK, body, retryAfter: null);
    }

    /// <summary>What the entities name, by id, as far as the caller may read it: asked for in one question, not one for each.</summary>
    private static async Task<Dictionary<string, JsonNode>> Find(JsonObject[] entities, Reference reference, Visitor visitor, Door door, CancellationToken ct)
    {
        var found = new Dictionary<string, JsonNode>();
        var other = ResourceCatalogue.All[reference.Resource];
        if (!visitor.Caller.Is(other.Callers)) return found;
        foreach (var ids in Places(entities, reference).Select(p => (string?)p[reference.Field]).OfType<string>().Distinct().Chunk(MostIds))
        {
            var filter = JsonSerializer.Serialize(new { id = new { @in = ids } });
            using var answer = await door.Read(visitor, other, $"?limit={MostIds}&filter={Uri.EscapeDataString(filter)}", ct);
            if (answer.Status != StatusCodes.Status200OK) throw new Unavailable($"{other.Name} could not be read to expand {reference.Expanded}. Try again shortly.");
            foreach (var entity in JsonNode.Parse(answer.Body.Span)!["results"]!.AsArray()) found[(string)entity!["id"]!] = entity;
        }
        return found;
    }

    private static IEnumerable<JsonObject> Places(JsonObject[] entities, Reference reference) =>
        reference.List is null ? entities : entities.SelectMany(e => e[reference.List]?.AsArray().Select(inner => inner!.AsObject()) ?? []);

    private static void Cut(JsonObject[] entities, HashSet<string> fields)
    {
        foreach (var entity in entities)
            foreach (var name in entity.Select(p => p.Key).Where(name => !fields.Contains(name)).ToArray()) entity.Remove(name);
    }

    private static string[]? Names(HttpContext http, string parameter) =>
        http.Request.Query[parameter].FirstOrDefault()?.Split(',', StringSplitOptions.TrimEntries);

    private static async Task Write(HttpContext http, int status, ReadOnlyMemory<byte> body, string? retryAfter)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = "application/json";
        http.Response.ContentLength = body.Length;
        if (retryAfter is not null) http.Response.Headers.RetryAfter = retryAfter;
        await http.Response.BodyWriter.WriteAsync(body, http.RequestAborted);
    }
}
