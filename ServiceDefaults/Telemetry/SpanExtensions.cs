using System.Diagnostics;
using MedCor.Contracts;
using MedCor.ServiceDefaults.Health;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;

namespace MedCor.ServiceDefaults.Telemetry;

/// <summary>Adds attributes to the spans of requests that the standard instrumentation does not set.</summary>
public static class SpanExtensions
{
    /// <summary>The attribute for the name of the tool, resource or chat operation that was called.</summary>
    public const string ToolTag = "medcor.tool";

    /// <summary>
    /// The attribute for the outcome: <c>ok</c>; <c>refused</c>, for a reason that the caller can correct; <c>failed</c>, because of MedCor; <c>abandoned</c>
    /// by the caller.
    /// </summary>
    public const string OutcomeTag = "medcor.outcome";

    /// <summary>The attribute for the error code of the response, one of <see cref="ErrorCodes"/> or of the chat's codes.</summary>
    public const string ErrorCodeTag = "medcor.error_code";

    /// <summary>The paths that orchestrators and gateways poll, which would crowd out other traces.</summary>
    private static readonly string[] PolledPaths = [.. HealthExtensions.ProbePaths, "/chat/model"];

    internal static bool IsPolled(HttpContext http) => PolledPaths.Contains(http.Request.Path.Value);

    /// <summary>Sets the name of the called tool on the request's span.</summary>
    public static void SetToolTag(this HttpContext http, string tool) => http.Features.Get<IHttpActivityFeature>()?.Activity.SetTag(ToolTag, tool);

    /// <summary>
    /// Links the request's span to a trace that the client named elsewhere than in the header. It is no more than a link, as there (see
    /// <see cref="NewTracePropagator"/>).
    /// </summary>
    /// <param name="traceParent">The trace in the format of the header <c>traceparent</c>. One that is none is ignored.</param>
    public static void LinkTrace(this HttpContext http, string? traceParent) => http.Features.Get<IHttpActivityFeature>()?.Activity.LinkTrace(traceParent);

    /// <summary>Sets the error code of the response on the request's span.</summary>
    internal static void SetErrorCodeTag(this HttpContext http, string code) => http.Features.Get<IHttpActivityFeature>()?.Activity.SetTag(ErrorCodeTag, code);

    /// <summary>
    /// Sets the outcome of a call. Only a failure marks the span as an error, so that a search for defects does not find every rejected booking.
    /// </summary>
    /// <param name="status">The HTTP status of the response.</param>
    /// <param name="code">The error code; null for the code that is already set or, failing that, the usual code of the status.</param>
    public static void SetOutcome(this Activity span, int status, string? code = null)
    {
        span.SetTag(OutcomeTag, status switch { < 400 => "ok", StatusCodes.Status499ClientClosedRequest => "abandoned", < 500 => "refused", _ => "failed" });
        if (status is >= 400 and not StatusCodes.Status499ClientClosedRequest && span.GetTagItem(ErrorCodeTag) is null)
            span.SetTag(ErrorCodeTag, code ?? GetErrorCode(status));
        if (status >= 500) span.SetStatus(ActivityStatusCode.Error);
    }

    /// <summary>Returns the usual error code of an HTTP status, for errors of which nothing else is known.</summary>
    public static string GetErrorCode(int status) => status switch
    {
        StatusCodes.Status401Unauthorized => ErrorCodes.AuthInvalid,
        StatusCodes.Status403Forbidden => ErrorCodes.PermissionDenied,
        StatusCodes.Status404NotFound => ErrorCodes.ResourceNotFound,
        StatusCodes.Status409Conflict => ErrorCodes.Conflict,
        StatusCodes.Status429TooManyRequests => ErrorCodes.RateLimit,
        < 500 => ErrorCodes.ValidationError,
        _ => ErrorCodes.ServerError,
    };

    /// <summary>
    /// Reduces the URL on an outgoing request's span to its authority, because the path contains what a client entered as an ID. The called service records the
    /// route.
    /// </summary>
    internal static void EnrichWithRequest(Activity span, HttpRequestMessage request) =>
        span.SetTag("url.full", request.RequestUri?.GetLeftPart(UriPartial.Authority));

    /// <summary>Clears the error status of a 4xx response, which OpenTelemetry marks as an error on client spans.</summary>
    internal static void EnrichWithResponse(Activity span, HttpResponseMessage response)
    {
        if ((int)response.StatusCode is >= 400 and < 500) span.SetStatus(ActivityStatusCode.Unset);
    }

    /// <summary>Links a span to the trace that a client named. No link is needed when the span continues that trace or is linked to it already.</summary>
    private static void LinkTrace(this Activity span, string? traceParent)
    {
        if (span.IsAllDataRequested && ActivityContext.TryParse(traceParent, null, isRemote: true, out var named) && named.TraceId != span.TraceId
            && span.Links.All(link => link.Context.TraceId != named.TraceId))
            span.AddLink(new(named));
    }

    /// <summary>
    /// Sets a request's route, span name, ID, called tool and outcome on its span, and links the span to the trace that the client named. Must run before the
    /// middleware that writes responses. The path and query are removed, because they can contain IDs and whatever else a client writes there.
    /// </summary>
    public static IApplicationBuilder UseRequestSpanEnrichment(this IApplicationBuilder app) => app.Use(async (http, next) =>
    {
        var span = Activity.Current;
        span?.SetTag("url.path", null);
        span?.SetTag("url.query", null);
        span?.LinkTrace(http.Request.Headers.TraceParent);
        await next(http);
        if (span is null) return;
        span.SetTag("http.response.status_code", http.Response.StatusCode);
        span.SetTag("medcor.request_id", http.RequestId());
        span.SetOutcome(http.Response.StatusCode);
        var endpoint = http.GetEndpoint();
        if ((endpoint?.Metadata.GetMetadata<ToolDescriptor>()?.Name ?? endpoint?.Metadata.GetMetadata<ResourceDescriptor>()?.Name) is { } called)
            span.SetTag(ToolTag, called);
        if (endpoint is not RouteEndpoint { RoutePattern.RawText: { } route }) return;
        span.SetTag("http.route", route);
        span.DisplayName = $"{http.Request.Method} {route}";
    });
}
