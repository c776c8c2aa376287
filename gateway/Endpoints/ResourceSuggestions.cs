using MedCor.Contracts;
using MedCor.Validation;

namespace MedCor.Gateway.Endpoints;

internal static class ResourceSuggestions
{
    /// <summary>Refuses a resource that there is none of by naming the one that was probably meant: of such a path no endpoint knows.</summary>
    public static IApplicationBuilder UseResourceSuggestions(this IApplicationBuilder app) => app.Use(async (http, next) =>
    {
        await next(http);
        if (http.Response is not { StatusCode: StatusCodes.Status404NotFound, HasStarted: false } || http.GetEndpoint() is not null) return;
        if (!http.Request.Path.StartsWithSegments(ReadResourceEndpoints.BasePath, out var rest) || rest.Value is not { Length: > 1 } sent) return;
        // A name may be of several segments, and more may follow it.
        var segments = sent.Trim('/').Split('/');
        var asked = ResourceCatalogue.All.Keys.GroupBy(name => name.Split('/').Length).Where(names => names.Key <= segments.Length)
            .Select(names => (Name: string.Join('/', segments[..names.Key]), Known: names)).ToArray();
        if (asked.Any(a => a.Known.Contains(a.Name))) return;
        var hints = asked.Select(a => DidYouMean.Hint(a.Name, a.Known)).Where(hint => hint.Length > 0);
        throw new NotFound("resource", hints.FirstOrDefault() ?? "");
    });
}
