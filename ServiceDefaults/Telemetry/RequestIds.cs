using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace MedCor.ServiceDefaults.Telemetry;

/// <summary>The id under which a request is known in answers and logs, from the gateway through every service.</summary>
public static class RequestIds
{
    public const string Header = "X-Request-Id";

    /// <summary>The id that came with the request when it is short and plain, else one made for it. A label only: nothing is decided by it.</summary>
    public static string RequestId(this HttpContext http)
    {
        if (http.Items.TryGetValue(Header, out var known)) return (string)known!;
        var sent = http.Request.Headers[Header].ToString();
        var id = IsValid(sent) ? sent : Guid.CreateVersion7().ToString();
        http.Items[Header] = id;
        return id;
    }

    /// <summary>
    /// The id of the trace that a request belongs to: made by the gateway, whatever its sender sent, so a record can rely on it as on no <see cref="RequestId"/>.
    /// None when nothing is traced.
    /// </summary>
    public static string? TraceId(this HttpContext http) =>
        http.Features.Get<IHttpActivityFeature>()?.Activity is { IdFormat: ActivityIdFormat.W3C } span ? span.TraceId.ToHexString() : null;

    /// <summary>Whether a client's own id is short and plain enough to go into headers and logs.</summary>
    public static bool IsValid(string id) => id.Length is > 0 and <= 128 && id.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');
}
