using System.Diagnostics;
using MedCor.Contracts;
using MedCor.ServiceDefaults.Health;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;

namespace MedCor.ServiceDefaults.Telemetry;

/// <summary>Adds to spans of requests and calls what the instrumentations do not tell.</summary>
public static class SpanExtensions
{
    /// <summary>The attribute with the name of the tool, resource or chat operation that was called.</summary>
    public const string ToolTag = "medcor.tool";

    /// <summary>The attribute with how a call ended: <c>ok</c>; <c>refused</c>, for a reason that its caller can mend; <c>failed</c>, by MedCor's own fault; <c>abandoned</c> by its caller.</summary>
    public const string OutcomeTag = "medcor.outcome";

    /// <summary>The attribute with the code of the error that was answered, one of <see cref="ErrorCodes"/> or of the chat's.</summary>
    public const string ErrorCodeTag = "medcor.error_code";

    /// <summary>The paths that orchestrators and gateways ask all the time: in traces they would push out what happened.</summary>
    private static readonly string[] PolledPaths = [.. HealthExtensions.ProbePaths, "/chat/model"];

    internal static bool IsPolled(HttpContext http) => PolledPaths.Contains(http.Request.Path.Value);

    /// <summary>Says on a request's span what it called.</summary>
    public static void SetToolTag(this HttpContext http, string tool) => http.Features.Get<IHttpActivityFeature>()?.Activity.SetTag(ToolTag, tool);

    /// <summary>Says on a request's span which error it is answered with.</summary>
    internal static void SetErrorCodeTag(this HttpContext http, string code) => http.Features.Get<IHttpActivityFeature>()?.Activity.SetTag(ErrorCodeTag, code);

    /// <summary>Says how a call ended. Only a failure makes its span an error: who looks for what is broken does not want each booking that came too late.</summary>
    /// <param name="status">The HTTP status that it was answered with.</param>
    /// <param name="code">The error's code; null for the one that was named already, else for what the status usually means.</param>
    public static void SetOutcome(this Activity span, int status, string? code = null)
    {
        span.SetTag(OutcomeTag, status switch { < 400 => "ok", StatusCodes.Status499ClientClosedRequest => "abandoned", < 500 => "refused", _ => "failed" });
        if (status is >= 400 and not StatusCodes.Status499ClientClosedRequest && span.GetTagItem(ErrorCodeTag) is null) span.SetTag(ErrorCodeTag, code ?? GetErrorCode(status));
        if (status >= 500) span.SetStatus(ActivityStatusCode.Error);
    }

    /// <summary>The code that an error of this status has, where nothing else is known of it.</summary>
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

    /// <summary>Keeps of an outgoing call's address who is asked: the path holds what a client typed as an id. Who answers names the route.</summary>
    internal static void EnrichWithRequest(Activity call, HttpRequestMessage request) => call.SetTag("url.full", request.RequestUri?.GetLeftPart(UriPartial.Authority));

    /// <summary>Takes back that a refusal is an error, which OpenTelemetry says of every call that is answered with 4xx.</summary>
    internal static void EnrichWithResponse(Activity call, HttpResponseMessage answer)
    {
        if ((int)answer.StatusCode is >= 400 and < 500) call.SetStatus(ActivityStatusCode.Unset);
    }

    /// <summary>
    /// Gives a request's span its route and name, its id, what was called and how it was answered, and links it to the trace that its sender named; so it goes around what answers. The path itself and the names in
    /// its query may hold ids, and whatever a client writes there, and are taken away.
    /// </summary>
    public static IApplicationBuilder UseRequestSpanEnrichment(this IApplicationBuilder app) => app.Use(async (http, next) =>
    {
        var span = Activity.Current;
        span?.SetTag("url.path", null);
        span?.SetTag("url.query", null);
        // Where the trace goes on that the header names, there is nothing to link.
        if (span is { IsAllDataRequested: true } && ActivityContext.TryParse(http.Request.Headers.TraceParent, null, isRemote: true, out var theirs) && theirs.TraceId != span.TraceId) span.AddLink(new(theirs));
        await next(http);
        if (span is null) return;
        span.SetTag("http.response.status_code", http.Response.StatusCode);
        span.SetTag("medcor.request_id", http.RequestId());
        span.SetOutcome(http.Response.StatusCode);
        var endpoint = http.GetEndpoint();
        if ((endpoint?.Metadata.GetMetadata<ToolDescriptor>()?.Name ?? endpoint?.Metadata.GetMetadata<ResourceDescriptor>()?.Name) is { } called) span.SetTag(ToolTag, called);
        if (endpoint is not RouteEndpoint { RoutePattern.RawText: { } route }) return;
        span.SetTag("http.route", route);
        span.DisplayName = $"{http.Request.Method} {route}";
    });
}
