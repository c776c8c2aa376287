using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace MedCor.ServiceDefaults.Telemetry;

/// <summary>Assigns the ID that identifies a request in responses and logs, from the gateway through every service.</summary>
public static class RequestIds
{
    public const string Header = "X-Request-Id";

    /// <summary>Returns the ID that came with the request if it is valid, otherwise a new one. The ID is a label only; no decision depends on it.</summary>
    public static string RequestId(this HttpContext http)
    {
        if (http.Items.TryGetValue(Header, out var assigned)) return (string)assigned!;
        var sent = http.Request.Headers[Header].ToString();
        var id = IsValid(sent) ? sent : Guid.CreateVersion7().ToString();
        http.Items[Header] = id;
        return id;
    }

    /// <summary>
    /// Returns the ID of the request's trace; null when the request is not traced. The gateway creates the trace ID, whatever the client sent, so unlike
    /// <see cref="RequestId"/> it is reliable enough for a record.
    /// </summary>
    public static string? TraceId(this HttpContext http) =>
        http.Features.Get<IHttpActivityFeature>()?.Activity is { IdFormat: ActivityIdFormat.W3C } span ? span.TraceId.ToHexString() : null;

    /// <summary>
    /// Returns whether a client's ID is short and plain enough for headers and logs: 1 to 128 ASCII letters, digits, hyphens, underscores and dots.
    /// </summary>
    public static bool IsValid(string id) => id.Length is > 0 and <= 128 && id.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');
}
