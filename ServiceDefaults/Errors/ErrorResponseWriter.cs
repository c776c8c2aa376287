using System.Text.Json;
using System.Text.Json.Nodes;
using MedCor.Contracts;
using MedCor.Contracts.Chat;
using MedCor.ServiceDefaults.Telemetry;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace MedCor.ServiceDefaults.Errors;

/// <summary>
/// Converts every failure into the error envelope: an <see cref="ApiException"/> as it is, an unavailable dependency as 503, and everything else as a 500
/// without internal details.
/// </summary>
public static partial class ErrorResponseWriter
{
    /// <summary>The key in the details for errors in a field that is named <c>request_id</c>.</summary>
    public const string RequestIdField = "request_id_field";

    /// <summary>Responds to exceptions, unknown paths and unknown methods with the error envelope.</summary>
    public static IApplicationBuilder UseErrorResponses(this IApplicationBuilder app) =>
        app.UseErrorResponses((http, error) => http.WriteErrorAsync(error, SerializeEnvelope(error, http.RequestId(), http.GetClock().GetUtcNow())));

    /// <summary>Responds to exceptions, unknown paths and unknown methods in a custom format.</summary>
    /// <param name="write">Writes the response for an error.</param>
    public static IApplicationBuilder UseErrorResponses(this IApplicationBuilder app, Func<HttpContext, ApiException, Task> write) =>
        app.Use(async (http, next) =>
        {
            try
            {
                await next(http);
                if (http.Response is { HasStarted: false, StatusCode: 404 or 405 or 415 or 413 or 400, ContentLength: null }
                    && http.Response.ContentType is null)
                    await write(http, ExceptionForStatus(http));
            }
            catch (Exception e) when (!http.Response.HasStarted)
            {
                if (http.RequestAborted.IsCancellationRequested || IsClientDisconnect(e, http))
                {
                    CloseConnection(http);
                    return;
                }
                await write(http, ToApiException(e, http));
            }
        });

    /// <summary>
    /// Returns whether the client disconnected before its whole body arrived. The cancellation token reports the disconnect only a moment later.
    /// </summary>
    private static bool IsClientDisconnect(Exception e, HttpContext http) =>
        e is ConnectionResetException or ConnectionAbortedException
        || (e is BadHttpRequestException { StatusCode: StatusCodes.Status400BadRequest } && http.Request.ContentLength is not null);

    /// <summary>
    /// Closes a connection whose client is gone. Otherwise the server would go on reading the rest of the body or another request, and log that it cannot.
    /// </summary>
    private static void CloseConnection(HttpContext http)
    {
        http.Response.StatusCode = StatusCodes.Status499ClientClosedRequest;
        http.Features.Get<IConnectionLifetimeNotificationFeature>()?.RequestClose();
        http.Abort();
    }

    /// <summary>Writes an error, already serialized in any format, as the response of this request.</summary>
    /// <param name="challenge">The <c>WWW-Authenticate</c> header, if it is not the usual one.</param>
    public static Task WriteErrorAsync(this HttpContext http, ApiException error, byte[] envelope, string? challenge = null)
    {
        var allow = http.Response.Headers.Allow;
        http.Response.Clear();
        http.Response.StatusCode = error.Status;
        http.SetErrorCodeTag(error.Code);
        http.Response.ContentType = "application/json";
        if (error.Status == StatusCodes.Status405MethodNotAllowed) http.Response.Headers.Allow = allow;
        // The rest of the body, if any, is not read.
        if (error.Status == StatusCodes.Status408RequestTimeout) http.Response.Headers.Connection = "close";
        if (error.Status == StatusCodes.Status401Unauthorized || error.Code == ChatErrorCodes.Unauthorized) http.SetBearerChallenge();
        if (FindMissingScopes(error) is { } scopes) http.SetScopeChallenge(scopes);
        if (FindMaxAge(error) is { } maxAge) http.SetStepUpChallenge(maxAge);
        if (challenge is not null) http.Response.Headers.WWWAuthenticate = challenge;
        if (error.RetryAfter is { } seconds) http.Response.Headers.RetryAfter = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        http.Response.ContentLength = envelope.Length;
        return http.Response.Body.WriteAsync(envelope, http.RequestAborted).AsTask();
    }

    /// <summary>Serializes the error envelope to UTF-8.</summary>
    public static byte[] SerializeEnvelope(ApiException error, string requestId, DateTimeOffset now) =>
        JsonSerializer.SerializeToUtf8Bytes(new ErrorEnvelope(ToProblem(error, requestId, now)), Json.Options);

    /// <summary>Creates the content of the error envelope.</summary>
    public static Problem ToProblem(ApiException error, string requestId, DateTimeOffset now)
    {
        var details = (JsonObject)error.Details.DeepClone();
        // The request's ID must not hide errors in a client's field of the same name.
        if (details["request_id"] is JsonArray fieldErrors) details[RequestIdField] = fieldErrors.DeepClone();
        details["request_id"] = requestId;
        return new(error.Code, error.Message, details, now, error.RetryAfter);
    }

    /// <summary>
    /// Converts an exception to the error that is returned to the caller. Failures that the caller cannot correct are logged here, without their data.
    /// </summary>
    public static ApiException ToApiException(Exception e, HttpContext http)
    {
        switch (e)
        {
            case ApiException error:
                return error;
            case BadHttpRequestException { StatusCode: 413 }:
                return new PayloadTooLarge();
            case BadHttpRequestException { StatusCode: 408 }:
                return new RequestTimeout();
            case BadHttpRequestException:
                return new ValidationFailed("body", "could not be read");
        }

        var log = http.RequestServices.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(ErrorResponseWriter).FullName!);
        if (DependencyFailure.IsCauseOf(e))
        {
            LogUnavailable(log, e.GetBaseException().GetType().Name);
            return new Unavailable();
        }

        // An exception's message can quote data (a constraint's values, a document's content), and so can a path, so only type, route and stack are logged.
        LogUnhandled(log, e.GetType().FullName, http.Request.Method, (http.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? "no route", e.StackTrace);
        return new InternalError();
    }

    /// <summary>
    /// Returns the scopes that the token lacks, if this is the error: from <see cref="InsufficientScope"/>, or from <see cref="Refused"/> with its details.
    /// </summary>
    private static string? FindMissingScopes(ApiException error) =>
        error.Status == StatusCodes.Status403Forbidden && error.Details[InsufficientScope.Detail] is JsonValue value && value.TryGetValue(out string? scopes)
            ? scopes
            : null;

    /// <summary>
    /// Returns the greatest age of a login that suffices, in seconds, if a more recent one is required: from <see cref="StepUpRequired"/>, or from
    /// <see cref="Refused"/> with its details.
    /// </summary>
    private static long? FindMaxAge(ApiException error) =>
        error.Code == ErrorCodes.AuthStepUp && error.Details[StepUpRequired.Detail] is JsonValue value && value.TryGetValue(out long maxAge) ? maxAge : null;

    private static ApiException ExceptionForStatus(HttpContext http) => http.Response.StatusCode switch
    {
        405 => new MethodNotAllowed(http.Response.Headers.Allow.ToString()),
        415 => new UnsupportedMediaType(),
        413 => new PayloadTooLarge(),
        400 => new ValidationFailed("body", "could not be read"),
        _ => new NotFound("path"),
    };

    private static TimeProvider GetClock(this HttpContext http) => http.RequestServices.GetRequiredService<TimeProvider>();

    [LoggerMessage(1010, LogLevel.Warning, "A dependency is unavailable; the request is answered with 503: {Kind}")]
    private static partial void LogUnavailable(ILogger log, string kind);

    [LoggerMessage(1011, LogLevel.Error, "Unhandled {Kind} in {Method} {Route}; the request is answered with 500\n{Stack}")]
    private static partial void LogUnhandled(ILogger log, string? kind, string method, string route, string? stack);
}
