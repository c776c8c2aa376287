using MedCor.Contracts;
using MedCor.Validation;
using Microsoft.Net.Http.Headers;

namespace MedCor.Gateway.LiveEvents.WebSockets;

/// <summary>Rejects requests that are not WebSocket handshakes where a handshake is required.</summary>
internal static class WebSocketHandshake
{
    /// <summary>The length of a handshake's key in bytes.</summary>
    private const int KeyLength = 16;

    /// <summary>
    /// Rejects requests that are not handshakes at endpoints with <see cref="HandshakeMetadata"/>, before they are counted and before a ticket is redeemed.
    /// </summary>
    public static IApplicationBuilder UseWebSocketHandshakeCheck(this IApplicationBuilder app) => app.Use((http, next) =>
        http.GetEndpoint()?.Metadata.GetMetadata<HandshakeMetadata>() is not null && !http.WebSockets.IsWebSocketRequest
            ? throw GetHandshakeError(http)
            : next(http));

    /// <summary>
    /// Returns the error of a request that is not a WebSocket handshake (RFC 6455), with all its faults. A wrong version alone is answered with the
    /// supported one, so that the client can retry with it (section 4.4).
    /// </summary>
    private static ApiException GetHandshakeError(HttpContext http)
    {
        var headers = http.Request.Headers;
        var errors = new Dictionary<string, List<string>>();
        if (!Contains(HeaderNames.Upgrade, "websocket")) errors.AddError(HeaderNames.Upgrade, "must be websocket: this path accepts only WebSockets");
        else
        {
            if (!Contains(HeaderNames.Connection, HeaderNames.Upgrade)) errors.AddError(HeaderNames.Connection, "must be Upgrade");
            if (Convert.TryFromBase64String(headers.SecWebSocketKey.ToString(), new byte[KeyLength], out var length) is false || length != KeyLength)
                errors.AddError(HeaderNames.SecWebSocketKey, $"must be {KeyLength} bytes in base64");
        }
        if (errors.Count > 0) return new ValidationFailed(errors);
        if (headers.SecWebSocketVersion.ToString() == WebSocketVersionRequired.SupportedVersion)
            return new ValidationFailed("method", "must be GET in HTTP/1.1 or CONNECT in HTTP/2");
        // The response is cleared before the error is written, so the headers are set when it starts.
        http.Response.OnStarting(() =>
        {
            http.Response.Headers.SecWebSocketVersion = WebSocketVersionRequired.SupportedVersion;
            http.Response.Headers.Upgrade = "websocket";
            http.Response.Headers.Connection = HeaderNames.Upgrade;
            return Task.CompletedTask;
        });
        return new WebSocketVersionRequired();

        bool Contains(string header, string token) => headers.GetCommaSeparatedValues(header).Contains(token, StringComparer.OrdinalIgnoreCase);
    }
}

/// <summary>Marks an endpoint that accepts only WebSocket handshakes.</summary>
internal sealed class HandshakeMetadata
{
    public static readonly HandshakeMetadata Instance = new();
}

/// <summary>Represents the error of a handshake with an unsupported version of the WebSocket protocol.</summary>
internal sealed class WebSocketVersionRequired()
    : ApiException(StatusCodes.Status426UpgradeRequired, ErrorCodes.ValidationError,
        $"This version of the WebSocket protocol is not supported. Send Sec-WebSocket-Version: {SupportedVersion}.")
{
    /// <summary>The version of the protocol in RFC 6455.</summary>
    internal const string SupportedVersion = "13";
}
