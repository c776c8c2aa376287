namespace MedCor.Gateway.HttpPipeline;

/// <summary>The methods that every path has beside its own: HEAD where there is GET, and OPTIONS.</summary>
internal static class HttpMethodExtensions
{
    /// <summary>
    /// Lets each endpoint of a group that answers GET answer HEAD as well. The same handler runs, so the status and the headers are those of GET; the server leaves out the body.
    /// </summary>
    public static RouteGroupBuilder WithHeadMethod(this RouteGroupBuilder routes)
    {
        ((IEndpointConventionBuilder)routes).Finally(endpoint =>
        {
            for (var i = 0; i < endpoint.Metadata.Count; i++)
                if (endpoint.Metadata[i] is IHttpMethodMetadata { HttpMethods: var methods } && methods.Contains(HttpMethods.Get) && !methods.Contains(HttpMethods.Head))
                    endpoint.Metadata[i] = new HttpMethodMetadata([.. methods, HttpMethods.Head]);
        });
        return routes;
    }

    /// <summary>Answers OPTIONS with 204 and, in <c>Allow</c>, the methods of the path. What browsers ask before a call from another origin is answered before (see <see cref="AllowedOrigins"/>).</summary>
    public static IApplicationBuilder UseOptionsMethod(this IApplicationBuilder app) => app.Use(async (http, next) =>
    {
        await next(http);
        // Routing refuses what no endpoint of the path takes, and says what they take.
        if (!HttpMethods.IsOptions(http.Request.Method) || http.Response is not { StatusCode: StatusCodes.Status405MethodNotAllowed, HasStarted: false }) return;
        http.Response.StatusCode = StatusCodes.Status204NoContent;
        http.Response.Headers.Allow = $"{http.Response.Headers.Allow}, {HttpMethods.Options}";
    });
}
