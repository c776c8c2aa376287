using System.Collections.Frozen;
using System.IO.Compression;
using MedCor.Contracts;
using Microsoft.AspNetCore.ResponseCompression;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace MedCor.Gateway.HttpPipeline;

/// <summary>
/// Compresses only responses that allow it. An attacker who can choose a part of a compressed response and observe its length could guess the rest (BREACH),
/// so responses that contain tokens or patient data are never compressed.
/// </summary>
internal sealed class SelectiveCompressionProvider(IServiceProvider services, IOptions<ResponseCompressionOptions> options)
    : ResponseCompressionProvider(services, options)
{
    /// <summary>The minimum length in bytes. Compression does not make shorter responses smaller.</summary>
    public const int MinLength = 1024;

    public override bool ShouldCompressResponse(HttpContext context) =>
        context.Features.Get<CompressionExtensions.CompressionAllowedFeature>() is not null && context.Response.ContentLength is null or >= MinLength
        && base.ShouldCompressResponse(context);

    public override ICompressionProvider? GetCompressionProvider(HttpContext context)
    {
        var provider = base.GetCompressionProvider(context);
        // A strong tag promises identical bytes; a compressed response is only equivalent.
        if (provider is not null && context.Response.Headers.ETag.ToString() is ['"', ..] strong) context.Response.Headers.ETag = $"W/{strong}";
        return provider;
    }
}

internal static class CompressionExtensions
{
    /// <summary>The resources that contain data of institutions and their staff, but no patient data and no text that a patient wrote.</summary>
    private static readonly FrozenSet<string> CompressibleResources =
        FrozenSet.Create("hospitals", "departments", "doctors", "specialties", "subscription_plans", "subscriptions", "invoices",
            "analytics/dashboard", "analytics/reports");

    /// <summary>The paths of tools and resources.</summary>
    private static readonly PathString[] CompressiblePaths = ["/api/mcp/tools", "/api/mcp/resources"];

    /// <summary>The tools that return entities of these resources.</summary>
    private static readonly FrozenSet<string> CompressibleTools = ToolCatalogue.All.Values
        .Where(tool => ResourceCatalogue.All.Values.Any(r => r.Entity == GetEntityType(tool.Result) && MayBeCompressed(r)))
        .Select(tool => tool.Name).ToFrozenSet();

    public static void AddCompression(this WebApplicationBuilder builder)
    {
        builder.Services.AddResponseCompression(o =>
        {
            // Each response decides for itself, wherever TLS is terminated.
            o.EnableForHttps = true;
            o.MimeTypes = ["application/json", "text/html"];
        });
        builder.Services.AddSingleton<IResponseCompressionProvider, SelectiveCompressionProvider>();
        builder.Services.Configure<BrotliCompressionProviderOptions>(o => o.Level = CompressionLevel.Fastest);
        builder.Services.Configure<GzipCompressionProviderOptions>(o => o.Level = CompressionLevel.Fastest);
    }

    /// <summary>Compresses responses that allow it, on the paths that have such responses. Streams, log-ins and chat bypass the middleware.</summary>
    public static IApplicationBuilder UseCompression(this IApplicationBuilder app) => app.UseWhen(
        http => http.Request.Path.Value is "/" or ""
            || CompressiblePaths.Any(path => http.Request.Path.StartsWithSegments(path, StringComparison.OrdinalIgnoreCase)),
        branch => branch.UseResponseCompression());

    /// <summary>Returns whether responses of a resource may be compressed.</summary>
    public static bool MayBeCompressed(this ResourceDescriptor resource) => CompressibleResources.Contains(resource.Name);

    /// <summary>Returns whether results of a tool may be compressed.</summary>
    public static bool MayBeCompressed(this ToolDescriptor tool) => CompressibleTools.Contains(tool.Name);

    /// <summary>Allows this response to be compressed. It must contain neither a token nor patient data.</summary>
    public static void AllowCompression(this HttpContext http)
    {
        http.Features.Set(CompressionAllowedFeature.Instance);
        http.Response.Headers.Append(HeaderNames.Vary, HeaderNames.AcceptEncoding);
    }

    private static Type GetEntityType(Type result) =>
        result.IsGenericType && result.GetGenericTypeDefinition() == typeof(Page<>) ? result.GetGenericArguments()[0] : result;

    /// <summary>Marks a response that may be compressed.</summary>
    internal sealed class CompressionAllowedFeature
    {
        public static readonly CompressionAllowedFeature Instance = new();
    }
}
