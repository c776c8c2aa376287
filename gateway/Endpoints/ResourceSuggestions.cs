using MedCor.Contracts;
using MedCor.Validation;

namespace MedCor.Gateway.Endpoints;

internal static class ResourceSuggestions
{
    /// <summary>Answers a request for an unknown resource with 404 and a suggestion. No endpoint matches such a path.</summary>
    public static IApplicationBuilder UseResourceSuggestions(this IApplicationBuilder app) => app.Use(async (http, next) =>
    {
        await next(http);
        if (http.Response is not { StatusCode: StatusCodes.Status404NotFound, HasStarted: false } || http.GetEndpoint() is not null) return;
        if (!http.Request.Path.StartsWithSegments(ReadResourceEndpoints.BasePath, out var rest) || rest.Value is not { Length: > 1 } path) return;
        // A resource name can have several segments, and further segments can follow it.
        var segments = path.Trim('/').Split('/');
        var candidates = ResourceCatalogue.All.Keys.GroupBy(name => name.Split('/').Length).Where(names => names.Key <= segments.Length)
            .Select(names => (Name: string.Join('/', segments[..names.Key]), Known: names)).ToArray();
        if (candidates.Any(a => a.Known.Contains(a.Name))) return;
        var hints = candidates.Select(a => DidYouMean.Hint(a.Name, a.Known)).Where(hint => hint.Length > 0);
        throw new NotFound("resource", hints.FirstOrDefault() ?? "");
    });
}
