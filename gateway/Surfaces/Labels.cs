using System.Diagnostics;
using MedCor.Gateway.Limits;
using MedCor.ServiceDefaults.Problems;

namespace MedCor.Gateway.Surfaces;

/// <summary>What every answer carries: the request's id, its trace, and what its sender may still do.</summary>
internal static class Labels
{
    public static IApplicationBuilder UseLabels(this IApplicationBuilder app) => app.Use((http, next) =>
    {
        // Late, so that an error written over a half-made answer carries them too.
        http.Response.OnStarting(static state =>
        {
            var http = (HttpContext)state;
            http.Response.Headers[RequestIds.Header] = http.RequestId();
            http.Response.Headers.XContentTypeOptions = "nosniff";
            if (http.Response.Headers.CacheControl.Count == 0) http.Response.Headers.CacheControl = "no-store";
            if (http.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpActivityFeature>()?.Activity is { IdFormat: ActivityIdFormat.W3C } span)
                http.Response.Headers.TraceParent = span.Id;
            http.Features.Get<Quota>()?.WriteTo(http.Response.Headers);
            return Task.CompletedTask;
        }, http);
        return next(http);
    });
}
