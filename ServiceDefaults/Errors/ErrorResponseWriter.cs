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

/// <summary>Where every failure becomes the error envelope: refusals as themselves, a lost dependency as 503, all else as a 500 that tells nothing.</summary>
public static class ErrorResponseWriter
{
    /// <summary>Where the details say what is wrong with a field that is called <c>request_id</c>.</summary>
    public const string RequestIdField = "request_id_field";

    /// <summary>Answers exceptions, unknown paths and unknown methods with the envelope.</summary>
    public static IApplicationBuilder UseErrorResponses(this IApplicationBuilder app) => app.UseErrorResponses((http, refusal) => http.WriteErrorAsync(refusal, SerializeEnvelope(refusal, http.RequestId(), http.GetClock().GetUtcNow())));

    /// <summary>Answers exceptions, unknown paths and unknown methods, in a form of one's own.</summary>
    public static IApplicationBuilder UseErrorResponses(this IApplicationBuilder app, Func<HttpContext, ApiException, Task> write) => app.Use(async (http, next) =>
    {
        try
        {
            await next(http);
            if (http.Response is { HasStarted: false, StatusCode: 404 or 405 or 415 or 413 or 400, ContentLength: null } && http.Response.ContentType is null)
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

    /// <summary>Whether the sender of a request was gone before all of its body had come. The token says so only a moment later.</summary>
    private static bool IsClientDisconnect(Exception e, HttpContext http) =>
        e is ConnectionResetException or ConnectionAbortedException || (e is BadHttpRequestException { StatusCode: StatusCodes.Status400BadRequest } && http.Request.ContentLength is not null);

    /// <summary>Lets go of a connection at whose other end nobody is. Otherwise the server would read on, for the rest of the body or another request, and log that it cannot.</summary>
    private static void CloseConnection(HttpContext http)
    {
        http.Response.StatusCode = StatusCodes.Status499ClientClosedRequest;
        http.Features.Get<IConnectionLifetimeNotificationFeature>()?.RequestClose();
        http.Abort();
    }

    /// <summary>Writes a refusal, in whatever form, as the answer of this request.</summary>
    public static Task WriteErrorAsync(this HttpContext http, ApiException refusal, byte[] envelope)
    {
        var allow = http.Response.Headers.Allow;
        http.Response.Clear();
        http.Response.StatusCode = refusal.Status;
        http.SetErrorCodeTag(refusal.Code);
        http.Response.ContentType = "application/json";
        if (refusal.Status == StatusCodes.Status405MethodNotAllowed) http.Response.Headers.Allow = allow;
        // The rest of the body, if there is one, is nobody's to read.
        if (refusal.Status == StatusCodes.Status408RequestTimeout) http.Response.Headers.Connection = "close";
        if (refusal.Status == StatusCodes.Status401Unauthorized || refusal.Code == ChatErrorCodes.Unauthorized) http.SetBearerChallenge();
        if (refusal.RetryAfter is { } seconds) http.Response.Headers.RetryAfter = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        http.Response.ContentLength = envelope.Length;
        return http.Response.Body.WriteAsync(envelope, http.RequestAborted).AsTask();
    }

    /// <summary>The envelope as bytes.</summary>
    public static byte[] SerializeEnvelope(ApiException refusal, string requestId, DateTimeOffset now) =>
        JsonSerializer.SerializeToUtf8Bytes(new ErrorEnvelope(ToProblem(refusal, requestId, now)), Json.Options);

    /// <summary>What the envelope holds.</summary>
    public static Problem ToProblem(ApiException refusal, string requestId, DateTimeOffset now)
    {
        var details = (JsonObject)refusal.Details.DeepClone();
        // A client's field of that name must not be hidden by the id of the request.
        if (details["request_id"] is JsonArray wrongs) details[RequestIdField] = wrongs.DeepClone();
        details["request_id"] = requestId;
        return new(refusal.Code, refusal.Message, details, now, refusal.RetryAfter);
    }

    /// <summary>The refusal that an exception means to a caller. What they cannot act on is logged here, without its data.</summary>
    public static ApiException ToApiException(Exception e, HttpContext http)
    {
        switch (e)
        {
            case ApiException refusal:
                return refusal;
            case BadHttpRequestException { StatusCode: 413 }:
                return new PayloadTooLarge();
            case BadHttpRequestException { StatusCode: 408 }:
                return new RequestTimeout();
            case BadHttpRequestException:
                return new ValidationFailed("body", "could not be read");
        }

        var log = http.RequestServices.GetRequiredService<ILoggerFactory>().CreateLogger("MedCor.Problems");
        if (DependencyFailure.IsCauseOf(e))
        {
            log.LogWarning("A dependency is down: {Kind}", e.GetBaseException().GetType().Name);
            return new Unavailable();
        }

        // The text of an exception may quote data (a constraint's values, a document's content), and so may a path; only kind and place are kept.
        log.LogError("Unhandled {Kind} in {Method} {Route}\n{Stack}", e.GetType().FullName, http.Request.Method, (http.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? "no route", e.StackTrace);
        return new InternalError();
    }

    private static ApiException ExceptionForStatus(HttpContext http) => http.Response.StatusCode switch
    {
        405 => new MethodNotAllowed(http.Response.Headers.Allow.ToString()),
        415 => new UnsupportedMediaType(),
        413 => new PayloadTooLarge(),
        400 => new ValidationFailed("body", "could not be read"),
        _ => new NotFound("path"),
    };

    private static TimeProvider GetClock(this HttpContext http) => http.RequestServices.GetRequiredService<TimeProvider>();
}
