using System.Buffers;
using System.Security.Cryptography;
using System.Text.Json;
using MedCor.Gateway.Limits;
using MedCor.Gateway.Tools;
using MedCor.ServiceDefaults;
using MedCor.ServiceDefaults.Problems;
using MedCor.ServiceDefaults.Resources;
using MedCor.ServiceDefaults.Telemetry;
using MedCor.ServiceDefaults.Tools;
using Microsoft.Net.Http.Headers;

namespace MedCor.Gateway.Surfaces;

/// <summary>
/// <c>GET /api/mcp/resources/{resource}</c> and <c>/{id}</c>. The owning service checks the query, filters, sorts, pages and cuts to the fields that were asked for; here the answer is expanded and
/// tagged. An answer that is not expanded is passed on as the bytes that it is.
/// </summary>
internal static class Resources
{
    /// <summary>So many ids go into one question.</summary>
    private const int MostIds = 100;

    private const string Path = "/api/mcp/resources";

    public static void MapResources(this IEndpointRouteBuilder app)
    {
        var services = app.ServiceProvider;
        var (entrance, door) = (services.GetRequiredService<Entrance>(), services.GetRequiredService<Door>());
        foreach (var resource in ResourceCatalogue.All.Values)
        {
            app.MapGet($"{Path}/{resource.Name}", http => Answer(http, resource, entrance, door, "")).WithMetadata(QueryParameters.Read);
            if (!resource.IsList) continue;
            app.MapGet($"{Path}/{resource.Name}/{{id}}", http => Answer(http, resource, entrance, door, $"/{Uri.EscapeDataString((string)http.GetRouteValue("id")!)}")).WithMetadata(QueryParameters.Read);
        }
    }

    /// <summary>Refuses a resource that there is none of by naming the one that was probably meant: of such a path no endpoint knows.</summary>
    public static IApplicationBuilder UseResourceHints(this IApplicationBuilder app) => app.Use(async (http, next) =>
    {
        await next(http);
        if (http.Response is not { StatusCode: StatusCodes.Status404NotFound, HasStarted: false } || http.GetEndpoint() is not null) return;
        if (!http.Request.Path.StartsWithSegments(Path, out var rest) || rest.Value is not { Length: > 1 } sent) return;
        // A name may be of several segments, and more may follow it.
        var segments = sent.Trim('/').Split('/');
        var asked = ResourceCatalogue.All.Keys.GroupBy(name => name.Split('/').Length).Where(names => names.Key <= segments.Length)
            .Select(names => (Name: string.Join('/', segments[..names.Key]), Known: names)).ToArray();
        if (asked.Any(a => a.Known.Contains(a.Name))) return;
        var hints = asked.Select(a => DidYouMean.Hint(a.Name, a.Known)).Where(hint => hint.Length > 0);
        throw new Missing("resource", hints.FirstOrDefault() ?? "");
    });

    private static async Task Answer(HttpContext http, ResourceKind resource, Entrance entrance, Door door, string path)
    {
        http.NameCall(resource.Name);
        var visitor = await entrance.Visit(http, "resources");
        var (fields, references) = (Names(http, "fields"), References(http, resource));
        using var answer = await door.Read(visitor, resource, path + Asked(http, fields, references), http.RequestAborted);
        if (answer.Status != StatusCodes.Status200OK)
        {
            await Write(http, answer.Status, new(answer.Body), answer.RetryAfter);
            return;
        }
        if (references.Length == 0)
        {
            await Tagged(http, resource, new(answer.Body));
            return;
        }

        var (expansion, others) = (new Expansion(isList: resource.IsList && path.Length == 0), new List<ToolAnswer>());
        try
        {
            var found = new Dictionary<string, ReadOnlyMemory<byte>>[references.Length];
            for (var i = 0; i < references.Length; i++) found[i] = await Find(expansion.Named(answer.Body.Span, references[i]), references[i], visitor, door, others, http.RequestAborted);
            using var held = http.RequestServices.GetRequiredService<WaitingBytes>().Begin(visitor.Sender.Whose);
            held.Be(answer.Body.Length);
            HashSet<string>? keep = fields is null ? null : [.. fields];
            using var expanded = AnswerBuffer.Of(json => expansion.Write(answer.Body.Span, references, found, keep, json), int.TryParse(http.Request.Query["limit"], out var limit) ? limit : 20);
            held.Be(expanded.Written.Length);
            await Tagged(http, resource, expanded.Written);
        }
        finally
        {
            foreach (var other in others) other.Dispose();
        }
    }

    /// <summary>What is to be expanded. Of a name that is none the service says so.</summary>
    private static Reference[] References(HttpContext http, ResourceKind resource) =>
        [.. (Names(http, "expand") ?? []).Distinct().Select(name => resource.References.GetValueOrDefault(name)).OfType<Reference>()];

    /// <summary>The query as the service gets it: with the fields by which is found what is expanded.</summary>
    private static QueryString Asked(HttpContext http, string[]? fields, Reference[] references)
    {
        if (fields is null || references.Length == 0 || http.Request.Query["fields"].Count != 1) return http.Request.QueryString;
        return QueryString.Create(http.Request.Query.Where(q => q.Key != "fields")
            .Append(new("fields", string.Join(',', fields.Concat(references.Select(r => r.List ?? r.Field)).Distinct()))));
    }

    /// <summary>Answers with what did not change since the reader had it, or that it did not.</summary>
    private static async Task Tagged(HttpContext http, ResourceKind resource, ReadOnlySequence<byte> body)
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
        else await Write(http, StatusCodes.Status200OK, body, retryAfter: null);
    }

    /// <summary>What is named, by id, as far as the caller may read it: asked for in one question, not one for each. It lies in the answers, to be disposed of by who asks.</summary>
    private static async Task<Dictionary<string, ReadOnlyMemory<byte>>> Find(IEnumerable<string> named, Reference reference, Visitor visitor, Door door, List<ToolAnswer> answers, CancellationToken ct)
    {
        var found = new Dictionary<string, ReadOnlyMemory<byte>>();
        var other = ResourceCatalogue.All[reference.Resource];
        if (!visitor.Caller.Is(other.Callers)) return found;
        foreach (var ids in named.Chunk(MostIds))
        {
            var filter = JsonSerializer.Serialize(new { id = new { @in = ids } });
            var answer = await door.Read(visitor, other, $"?limit={ids.Length}&filter={Uri.EscapeDataString(filter)}", ct);
            answers.Add(answer);
            if (answer.Status != StatusCodes.Status200OK) throw new Unavailable($"{other.Name} could not be read to expand {reference.Expanded}. Try again shortly.");
            foreach (var (id, entity) in Expansion.ById(answer.Body)) found[id] = entity;
        }
        return found;
    }

    private static string[]? Names(HttpContext http, string parameter) =>
        http.Request.Query[parameter].FirstOrDefault()?.Split(',', StringSplitOptions.TrimEntries);

    private static async Task Write(HttpContext http, int status, ReadOnlySequence<byte> body, string? retryAfter)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = "application/json";
        http.Response.ContentLength = body.Length;
        if (retryAfter is not null) http.Response.Headers.RetryAfter = retryAfter;
        await ToolAnswer.Send(http, body);
    }
}
