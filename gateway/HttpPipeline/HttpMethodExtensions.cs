namespace MedCor.Gateway.HttpPipeline;

/// <summary>Adds the methods that every path supports beside its own: HEAD where the path supports GET, and OPTIONS.</summary>
internal static class HttpMethodExtensions
{
    /// <summary>
    /// Adds HEAD to every GET endpoint of a group. The same handler runs, so the status and headers are those of GET; the server omits the body.
    /// </summary>
    public static RouteGroupBuilder WithHeadMethod(this RouteGroupBuilder routes)
    {
        ((IEndpointConventionBuilder)routes).Finally(endpoint =>
        {
            for (var i = 0; i < endpoint.Metadata.Count; i++)
                if (endpoint.Metadata[i] is IHttpMethodMetadata { HttpMethods: var methods } && methods.Contains(HttpMethods.Get)
                    && !methods.Contains(HttpMethods.Head))
                    endpoint.Metadata[i] = new HttpMethodMetadata([.. methods, HttpMethods.Head]);
        });
        return routes;
    }

    /// <summary>
    /// Answers OPTIONS with 204 and the methods of the path in <c>Allow</c>. CORS preflight requests are answered earlier (see <see cref="AllowedOrigins"/>).
    /// </summary>
    public static IApplicationBuilder UseOptionsMethod(this IApplicationBuilder app) => app.Use(async (http, next) =>
    {
        await next(http);
        // Routing answers an unsupported method with 405 and lists the supported ones.
        if (!HttpMethods.IsOptions(http.Request.Method) || http.Response is not { StatusCode: StatusCodes.Status405MethodNotAllowed, HasStarted: false })
            return;
        http.Response.StatusCode = StatusCodes.Status204NoContent;
        http.Response.Headers.Allow = $"{http.Response.Headers.Allow}, {HttpMethods.Options}";
    });
}
