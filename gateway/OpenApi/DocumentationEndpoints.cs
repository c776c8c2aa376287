using System.Text;
using MedCor.Gateway.HttpPipeline;
using Swashbuckle.AspNetCore.SwaggerUI;

namespace MedCor.Gateway.OpenApi;

/// <summary>
/// <c>/api/openapi.json</c>, <c>/api/docs/</c> to read and try it, <c>/api/redoc/</c> to read it: all from the gateway's own files, and by
/// their policy unable to load anything from elsewhere.
/// </summary>
internal static class DocumentationEndpoints
{
    private const string DocumentPath = "/api/openapi.json";
    private const string SwaggerPath = "api/docs";
    private const string RedocPath = "api/redoc";

    /// <summary>Both pages style themselves inline and draw with data: images; ReDoc searches in a worker that it makes itself.</summary>
    private const string ContentSecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; worker-src blob:; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    /// <summary>ReDoc's own page, without the fonts that it would fetch from elsewhere.</summary>
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

    /// <summary>Maps the document of what is mapped so far, written once.</summary>
    public static void MapOpenApiDocument(this IEndpointRouteBuilder app)
    {
        StaticResponse? document = null;
        app.MapGet(DocumentPath, http => document!.WriteToAsync(http));
        document = new(OpenApiDocumentWriter.Write([.. app.DataSources.SelectMany(s => s.Endpoints)]), "application/json");
    }

    /// <summary>The two pages.</summary>
    public static void UseDocumentationPages(this IApplicationBuilder app)
    {
        app.Use((http, next) =>
        {
            if (!http.Request.Path.StartsWithSegments($"/{SwaggerPath}") && !http.Request.Path.StartsWithSegments($"/{RedocPath}")) return next(http);
            http.Response.Headers.ContentSecurityPolicy = ContentSecurityPolicy;
            if (HttpMethods.IsGet(http.Request.Method) || HttpMethods.IsHead(http.Request.Method)) return next(http);
            // As routing answers, which knows nothing of the pages.
            http.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
            http.Response.Headers.Allow = $"{HttpMethods.Get}, {HttpMethods.Head}";
            return Task.CompletedTask;
        });
        app.UseSwaggerUI(ui =>
        {
            ui.RoutePrefix = SwaggerPath;
            ui.DocumentTitle = "MedCor API";
            ui.SwaggerEndpoint(DocumentPath, "MedCor");
            // The bar would let one choose between documents; there is one.
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
