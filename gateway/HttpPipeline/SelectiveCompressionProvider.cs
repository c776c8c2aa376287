using System.Collections.Frozen;
using System.IO.Compression;
using MedCor.Contracts;
using Microsoft.AspNetCore.ResponseCompression;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace MedCor.Gateway.HttpPipeline;

/// <summary>
/// Compresses those answers alone that say so. In one compressed answer, somebody who can write a part of it and sees how long it becomes could guess the rest (BREACH), so none is that
/// holds a token or tells of patients.
/// </summary>
internal sealed class SelectiveCompressionProvider(IServiceProvider services, IOptions<ResponseCompressionOptions> options) : ResponseCompressionProvider(services, options)
{
    /// <summary>Below this many bytes nothing is won.</summary>
    public const int MinLength = 1024;

    public override bool ShouldCompressResponse(HttpContext context) =>
        context.Features.Get<CompressionExtensions.CompressionAllowedFeature>() is not null && context.Response.ContentLength is null or >= MinLength && base.ShouldCompressResponse(context);

    public override ICompressionProvider? GetCompressionProvider(HttpContext context)
    {
        var provider = base.GetCompressionProvider(context);
        // A strong tag promises the same bytes; these are others that mean the same.
        if (provider is not null && context.Response.Headers.ETag.ToString() is ['"', ..] strong) context.Response.Headers.ETag = $"W/{strong}";
        return provider;
    }
}

internal static class CompressionExtensions
{
    /// <summary>The resources whose rows tell of institutions and of those who work there: of no patient, and nothing that a patient wrote.</summary>
    private static readonly FrozenSet<string> CompressibleResources =
        FrozenSet.Create("hospitals", "departments", "doctors", "specialties", "subscription_plans", "subscriptions", "invoices", "analytics/dashboard", "analytics/reports");

    /// <summary>Where tools and resources are called.</summary>
    private static readonly PathString[] CompressiblePaths = ["/api/mcp/tools", "/api/mcp/resources"];

    /// <summary>The tools that answer them.</summary>
    private static readonly FrozenSet<string> CompressibleTools = ToolCatalogue.All.Values
        .Where(tool => ResourceCatalogue.All.Values.Any(r => r.Entity == GetEntityType(tool.Result) && MayBeCompressed(r)))
        .Select(tool => tool.Name).ToFrozenSet();

    public static void AddCompression(this WebApplicationBuilder builder)
    {
        builder.Services.AddResponseCompression(o =>
        {
            // Each answer decides for itself, whoever ends TLS.
            o.EnableForHttps = true;
            o.MimeTypes = ["application/json", "text/html"];
        });
        builder.Services.AddSingleton<IResponseCompressionProvider, SelectiveCompressionProvider>();
        builder.Services.Configure<BrotliCompressionProviderOptions>(o => o.Level = CompressionLevel.Fastest);
        builder.Services.Configure<GzipCompressionProviderOptions>(o => o.Level = CompressionLevel.Fastest);
    }

    /// <summary>Compresses answers that allow it, on the paths that have any. Streams, log-ins and chat go past it untouched.</summary>
    public static IApplicationBuilder UseCompression(this IApplicationBuilder app) => app.UseWhen(
        http => http.Request.Path.Value is "/" or "" || CompressiblePaths.Any(path => http.Request.Path.StartsWithSegments(path, StringComparison.OrdinalIgnoreCase)),
        some => some.UseResponseCompression());

    /// <summary>Whether lists and rows of a resource may be compressed.</summary>
    public static bool MayBeCompressed(this ResourceDescriptor resource) => CompressibleResources.Contains(resource.Name);

    /// <summary>Whether answers of a tool may be.</summary>
    public static bool MayBeCompressed(this ToolDescriptor tool) => CompressibleTools.Contains(tool.Name);

    /// <summary>Lets this answer be compressed. For those that hold no token and tell of no patient.</summary>
    public static void AllowCompression(this HttpContext http)
    {
        http.Features.Set(CompressionAllowedFeature.Instance);
        http.Response.Headers.Append(HeaderNames.Vary, HeaderNames.AcceptEncoding);
    }

    private static Type GetEntityType(Type result) => result.IsGenericType && result.GetGenericTypeDefinition() == typeof(Page<>) ? result.GetGenericArguments()[0] : result;

    /// <summary>That an answer may be compressed.</summary>
    internal sealed class CompressionAllowedFeature
    {
        public static readonly CompressionAllowedFeature Instance = new();
    }
}
