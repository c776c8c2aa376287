using MedCor.Contracts;
using MedCor.Gateway.Authentication;
using MedCor.Gateway.HttpPipeline;
using MedCor.Gateway.Limits;
using MedCor.Gateway.ToolInvocation;
using MedCor.ServiceDefaults.Authentication;
using MedCor.Validation;
using Microsoft.Net.Http.Headers;

namespace MedCor.Gateway.LiveEvents.WebSockets;

/// <summary>
/// Maps <c>GET /api/mcp/ws</c>: tool calls and resource changes over one WebSocket. The client authenticates with the first message, within ten seconds, or
/// with the credentials that every other surface accepts: a header, or a ticket in the URL.
/// </summary>
internal static class WebSocketEndpoint
{
    /// <summary>The length of a handshake's key in bytes.</summary>
    private const int KeyLength = 16;

    public static void MapWebSocket(this IEndpointRouteBuilder app)
    {
        var services = app.ServiceProvider;
        // Read from the configuration and not from options, because all options are validated together when the host starts.
        if (!services.GetRequiredService<IConfiguration>().GetValue("MCP_WEBSOCKET_ENABLED", true)) return;
        var (entrance, listeners, check) = (services.GetRequiredService<RequestAdmission>(), services.GetRequiredService<EventSubscriptions>(), services.GetRequiredService<TokenValidator>());
        var (door, clock) = (services.GetRequiredService<ToolInvoker>(), services.GetRequiredService<TimeProvider>());
        var (standing, waiting) = (services.GetRequiredService<OpenConnectionLimiter>(), services.GetRequiredService<BufferedBytesLimiter>());
        app.MapGet("/api/mcp/ws", async http =>
        {
            if (!http.WebSockets.IsWebSocketRequest) throw GetHandshakeError(http);
            (Caller Caller, string Token)? known = null;
            if (http.Request.Query.ContainsKey("ticket") || http.Request.Headers.Authorization.Count > 0) known = await listeners.AuthenticateAsync(http);
            else await entrance.AdmitAnonymousSocketAsync(http);
            var (resources, after) = EventSubscriptions.ReadOptions(http.Request);
            if (known is { Caller: var who }) EventSubscriptions.ThrowIfForbidden(who, resources);

            // Before the upgrade, so that a client with too many connections receives a normal error response.
            using var place = known is { Caller: var caller } ? standing.AcquireSocket(caller) : standing.AcquireAnonymousSocket(http);
            var connection = DelayedAbortFeature.Install(http, clock);
            using var socket = await http.WebSockets.AcceptWebSocketAsync();
            using var conversation = new WebSocketSession(http, socket, connection, place, entrance, standing, listeners, check, door, waiting, clock);
            await conversation.RunAsync(known, resources, after);
        }).WithMetadata(QueryParametersMetadata.Instance);
    }

    /// <summary>
    /// Returns the error of a request that is not a WebSocket handshake (RFC 6455), with all its faults. A wrong version alone is answered with the
    /// supported one, so that the client can retry with it (section 4.4).
    /// </summary>
    private static ApiException GetHandshakeError(HttpContext http)
    {
        var headers = http.Request.Headers;
        var errors = new Dictionary<string, List<string>>();
        if (!Contains(HeaderNames.Upgrade, "websocket")) errors.AddError(HeaderNames.Upgrade, "must be websocket: this path is a WebSocket's");
        else
        {
            if (!Contains(HeaderNames.Connection, HeaderNames.Upgrade)) errors.AddError(HeaderNames.Connection, "must be Upgrade");
            if (Convert.TryFromBase64String(headers.SecWebSocketKey.ToString(), new byte[KeyLength], out var length) is false || length != KeyLength)
                errors.AddError(HeaderNames.SecWebSocketKey, $"must be {KeyLength} bytes in base64");
        }
        if (errors.Count > 0) return new ValidationFailed(errors);
        if (headers.SecWebSocketVersion.ToString() == WebSocketVersionRequired.SupportedVersion) return new ValidationFailed("method", "must be GET in HTTP/1.1 or CONNECT in HTTP/2");
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

/// <summary>Represents the error of a client that requests another version of the WebSocket protocol.</summary>
internal sealed class WebSocketVersionRequired()
    : ApiException(StatusCodes.Status426UpgradeRequired, ErrorCodes.ValidationError, $"This version of the WebSocket protocol is not spoken here. Send Sec-WebSocket-Version: {SupportedVersion}.")
{
    /// <summary>The version of the protocol in RFC 6455.</summary>
    internal const string SupportedVersion = "13";
}
