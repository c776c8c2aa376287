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
/// <c>GET /api/mcp/ws</c>: calls of tools and changes of resources over one WebSocket. Who they are is told by the first message, within ten seconds, or by
/// what every other surface takes: a header, or a ticket in the address.
/// </summary>
internal static class WebSocketEndpoint
{
    /// <summary>How many bytes a handshake's key has.</summary>
    private const int KeyLength = 16;

    public static void MapWebSocket(this IEndpointRouteBuilder app)
    {
        var services = app.ServiceProvider;
        // Asked for here, and not of options: those are checked when the host starts, all at once.
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

            // Before the upgrade: who has too many is answered as anywhere else.
            using var place = known is { Caller: var caller } ? standing.AcquireSocket(caller) : standing.AcquireAnonymousSocket(http);
            var connection = DelayedAbortFeature.Install(http, clock);
            using var socket = await http.WebSockets.AcceptWebSocketAsync();
            using var conversation = new WebSocketSession(http, socket, connection, place, entrance, standing, listeners, check, door, waiting, clock);
            await conversation.RunAsync(known, resources, after);
        }).WithMetadata(QueryParametersMetadata.Instance);
    }

    /// <summary>Names what is wrong with a request that is no handshake of RFC 6455. A wrong version by itself is answered with the right one, so that a client can come back with it (section 4.4).</summary>
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
        // The answer is cleared before the error is written.
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

/// <summary>The client speaks another version of the WebSocket protocol.</summary>
internal sealed class WebSocketVersionRequired()
    : ApiException(StatusCodes.Status426UpgradeRequired, ErrorCodes.ValidationError, $"This version of the WebSocket protocol is not spoken here. Send Sec-WebSocket-Version: {SupportedVersion}.")
{
    /// <summary>The version of RFC 6455.</summary>
    internal const string SupportedVersion = "13";
}
