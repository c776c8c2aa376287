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
internal sealed class ReadResourceEndpoints(ResourceReader resources) : IEndpoints
{
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
        using var content = await resources.ReadAsync(InvocationContext.FromRequest(http, "resources"), resource, path, http.Request.QueryString,
            http.RequestAborted);
        if (content.Response.Status == StatusCodes.Status200OK) await WriteWithETagAsync(http, resource, content.Body);
        else await content.Response.WriteToAsync(http);
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
}
