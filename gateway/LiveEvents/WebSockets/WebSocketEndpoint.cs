using MedCor.Gateway.Authentication;
using MedCor.Gateway.HttpPipeline;
using MedCor.Gateway.Limits;
using MedCor.Gateway.ToolInvocation;
using MedCor.ServiceDefaults.Access;
using MedCor.ServiceDefaults.Problems;

namespace MedCor.Gateway.LiveEvents.WebSockets;

/// <summary>
/// <c>GET /api/mcp/ws</c>: calls of tools and changes of resources over one WebSocket. Who they are is told by the first message, within ten seconds, or by
/// what every other surface takes: a header, or a ticket in the address.
/// </summary>
internal static class WebSocketEndpoint
{
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
            if (!http.WebSockets.IsWebSocketRequest) throw new ValidationFailed("Upgrade", "must be websocket: this path is a WebSocket's");
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
}
