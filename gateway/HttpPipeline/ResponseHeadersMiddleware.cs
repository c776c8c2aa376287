using System.Diagnostics;
using MedCor.Gateway.Limits;
using MedCor.ServiceDefaults.Errors;
using MedCor.ServiceDefaults.Telemetry;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;

namespace MedCor.Gateway.HttpPipeline;

/// <summary>
/// Adds the headers that every response has: the request id, the trace, the caller's remaining quota and, with 401, the authentication challenge.
/// </summary>
internal static class ResponseHeadersMiddleware
{
    public static IApplicationBuilder UseResponseHeaders(this IApplicationBuilder app) => app.Use((http, next) =>
    {
        // When the response starts, so that an error that replaces an unfinished response has them too.
        http.Response.OnStarting(static state =>
        {
            var http = (HttpContext)state;
            var headers = http.Response.Headers;
            headers[RequestIds.Header] = http.RequestId();
            headers.XContentTypeOptions = "nosniff";
            if (headers.CacheControl.Count == 0) headers.CacheControl = "no-store";
            // For a page of another origin the same response has additional headers.
            if (!headers.GetCommaSeparatedValues(HeaderNames.Vary).Contains(HeaderNames.Origin)) headers.Append(HeaderNames.Vary, HeaderNames.Origin);
            if (http.Features.Get<IHttpActivityFeature>()?.Activity is { IdFormat: ActivityIdFormat.W3C } span) headers.TraceParent = span.Id;
            // Also when the 401 is a forwarded response of a service.
            if (http.Response.StatusCode == StatusCodes.Status401Unauthorized && headers.WWWAuthenticate.Count == 0) http.SetBearerChallenge();
            http.Features.Get<Quota>()?.WriteTo(headers);
            return Task.CompletedTask;
        }, http);
        return next(http);
    });
}
