using System.Text;
using System.Text.Json.Nodes;
using Swashbuckle.AspNetCore.SwaggerUI;

namespace MedCor.Gateway.OpenApi;

/// <summary>
/// Serves <c>/api/openapi.json</c>, <c>/api/docs/</c> (Swagger UI, for reading and trying requests) and <c>/api/redoc/</c> (ReDoc, for reading). All files
/// are the gateway's own, and the content security policy prevents the pages from loading anything from other origins.
/// </summary>
internal static class DocumentationEndpoints
{
    private const string DocumentPath = "/api/openapi.json";
    private const string SwaggerPath = "api/docs";
    private const string RedocPath = "api/redoc";

    /// <summary>
    /// The content security policy of both pages, which use inline styles and data: images. ReDoc runs its search in a worker that it creates from a blob.
    /// </summary>
    private const string ContentSecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; worker-src "
        + "blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    /// <summary>ReDoc's own page, without the fonts that it loads from other origins.</summary>
    private const string RedocHtml =
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
          <meta charset="utf-8">
          <meta name="viewport" content="width=device-width, initial-scale=1">
          <title>%(DocumentTitle)</title>
          <link rel="icon" href="/favicon.svg" type="image/svg+xml">
          <link rel="stylesheet" href="index.css">
        </head>
        <body>
          <div id="redoc-container"></div>
          <script type="module" src="index.js"></script>
        </body>
        </html>
        """;

    /// <summary>Adds the OpenAPI document of all endpoints.</summary>
    public static void AddOpenApiDocument(this IServiceCollection services)
    {
        services.AddSingleton<ComponentRegistry>().AddSingleton<OperationTransformer>();
        services.AddOpenApi(OpenApiDocumentCache.DocumentName, options =>
        {
            // HEAD is supported wherever GET is. The probes of orchestrators are not documented.
            options.ShouldInclude = endpoint =>
                endpoint.HttpMethod != HttpMethods.Head && endpoint.ActionDescriptor.EndpointMetadata.Any(m => m is OperationDescriber or ToolPathMetadata);
            options.AddOperationTransformer<OperationTransformer>().AddDocumentTransformer<ToolDocumentTransformer>()
                .AddDocumentTransformer<DocumentTransformer>();
        });
        services.AddSingleton<OpenApiDocumentCache>().AddHostedService(s => s.GetRequiredService<OpenApiDocumentCache>());
    }

    /// <summary>Maps the OpenAPI document.</summary>
    public static void MapOpenApiDocument(this IEndpointRouteBuilder app)
    {
        var cache = app.ServiceProvider.GetRequiredService<OpenApiDocumentCache>();
        app.MapGet(DocumentPath, async http => await (await cache.GetResponseAsync()).WriteToAsync(http)).AllowAnonymous().Describe(
            "describe_api", ApiTags.Operation, "Get this document", "Returns the OpenAPI 3.1 document of this API.",
            _ => new()
            {
                ResponseDescription = "The OpenAPI document.",
                ResponseContents = OperationDetails.Json(
                    SchemaBuilder.Object("An OpenAPI document.",
                        ("openapi", SchemaBuilder.Text(10)),
                        ("info", SchemaBuilder.AnyObject("The title, version and description of the API.")),
                        ("paths", SchemaBuilder.AnyObject("The operations, by path and method."))),
                    new JsonObject { ["openapi"] = "3.1.1", ["info"] = new JsonObject { ["title"] = "MedCor" }, ["paths"] = new JsonObject() }),
                HasETag = true,
            });
    }

    /// <summary>Adds the Swagger UI and ReDoc pages.</summary>
    public static void UseDocumentationPages(this IApplicationBuilder app)
    {
        app.Use((http, next) =>
        {
            if (!http.Request.Path.StartsWithSegments($"/{SwaggerPath}") && !http.Request.Path.StartsWithSegments($"/{RedocPath}")) return next(http);
            http.Response.Headers.ContentSecurityPolicy = ContentSecurityPolicy;
            if (HttpMethods.IsGet(http.Request.Method) || HttpMethods.IsHead(http.Request.Method)) return next(http);
            // These pages have no endpoints, so routing does not reject other methods.
            http.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
            http.Response.Headers.Allow = $"{HttpMethods.Get}, {HttpMethods.Head}";
            return Task.CompletedTask;
        });
        app.UseSwaggerUI(ui =>
        {
            ui.RoutePrefix = SwaggerPath;
            ui.DocumentTitle = "MedCor API";
            ui.SwaggerEndpoint(DocumentPath, "MedCor");
            // The top bar selects between documents, and there is only one.
            ui.HeadContent = "<style>.swagger-ui .topbar { display: none }</style>";
            ui.DocExpansion(DocExpansion.None);
            ui.DefaultModelsExpandDepth(0);
            ui.EnableDeepLinking();
            ui.EnableFilter();
            ui.EnableTryItOutByDefault();
            ui.DisplayRequestDuration();
        });
        app.UseReDoc(redoc =>
        {
            redoc.RoutePrefix = RedocPath;
            redoc.DocumentTitle = "MedCor API";
            redoc.SpecUrl = DocumentPath;
            redoc.ConfigObject.AdditionalItems["disableTelemetry"] = true;
            redoc.IndexStream = () => new MemoryStream(Encoding.UTF8.GetBytes(RedocHtml));
        });
    }
}
