using System.Diagnostics;
using MedCor.Gateway.Limits;
using MedCor.ServiceDefaults.Errors;
using MedCor.ServiceDefaults.Telemetry;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;

namespace MedCor.Gateway.HttpPipeline;

/// <summary>What every answer carries: the request's id, its trace, what its sender may still do, and how who is not known makes themselves known.</summary>
internal static class ResponseHeadersMiddleware
{
    public static IApplicationBuilder UseResponseHeaders(this IApplicationBuilder app) => app.Use((http, next) =>
    {
        // Late, so that an error written over a half-made answer carries them too.
        http.Response.OnStarting(static state =>
        {
            var http = (HttpContext)state;
            var headers = http.Response.Headers;
            headers[RequestIds.Header] = http.RequestId();
            headers.XContentTypeOptions = "nosniff";
            if (headers.CacheControl.Count == 0) headers.CacheControl = "no-store";
            // To a page of another origin the same answer has further headers.
            if (!headers.GetCommaSeparatedValues(HeaderNames.Vary).Contains(HeaderNames.Origin)) headers.Append(HeaderNames.Vary, HeaderNames.Origin);
            if (http.Features.Get<IHttpActivityFeature>()?.Activity is { IdFormat: ActivityIdFormat.W3C } span) headers.TraceParent = span.Id;
            // Also where a service refused, and its answer was passed on.
            if (http.Response.StatusCode == StatusCodes.Status401Unauthorized && headers.WWWAuthenticate.Count == 0) http.SetBearerChallenge();
            http.Features.Get<Quota>()?.WriteTo(headers);
            return Task.CompletedTask;
        }, http);
        return next(http);
    });
}
