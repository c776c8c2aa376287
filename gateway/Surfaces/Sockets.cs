using MedCor.Gateway.Limits;
using MedCor.Gateway.Tools;
using MedCor.ServiceDefaults.Access;
using MedCor.ServiceDefaults.Problems;

namespace MedCor.Gateway.Surfaces;

/// <summary>
/// <c>GET /api/mcp/ws</c>: calls of tools and changes of resources over one WebSocket. Who they are is told by the first message, within ten seconds, or by
/// what every other surface takes: a header, or a ticket in the address.
/// </summary>
internal static class Sockets
{
    public static void MapWebSocket(this IEndpointRouteBuilder app)
    {
        var services = app.ServiceProvider;
        // Asked for here, and not of options: those are checked when the host starts, all at once.
        if (!services.GetRequiredService<IConfiguration>().GetValue("MCP_WEBSOCKET_ENABLED", true)) return;
        var (entrance, listeners, check) = (services.GetRequiredService<Entrance>(), services.GetRequiredService<Listeners>(), services.GetRequiredService<TokenCheck>());
        var (door, clock) = (services.GetRequiredService<Door>(), services.GetRequiredService<TimeProvider>());
        var (standing, waiting) = (services.GetRequiredService<Standing>(), services.GetRequiredService<WaitingBytes>());
        app.MapGet("/api/mcp/ws", async http =>
        {
            if (!http.WebSockets.IsWebSocketRequest) throw new Invalid("Upgrade", "must be websocket: this path is a WebSocket's");
            (Caller Caller, string Token)? known = null;
            if (http.Request.Query.ContainsKey("ticket") || http.Request.Headers.Authorization.Count > 0) known = await listeners.Admit(http);
            else await entrance.AdmitSocket(http);
            var (resources, after) = Listeners.Wishes(http.Request);
            if (known is { Caller: var who }) Listeners.Permit(who, resources);

            // Before the upgrade: who has too many is answered as anywhere else.
            using var place = known is { Caller: var caller } ? standing.Socket(caller) : standing.Stranger(http);
            var connection = UncutConnection.Of(http, clock);
            using var socket = await http.WebSockets.AcceptWebSocketAsync();
            using var conversation = new Conversation(http, socket, connection, place, entrance, standing, listeners, check, door, waiting, clock);
            await conversation.Hold(known, resources, after);
        }).WithMetadata(QueryParameters.Read);
    }
}
