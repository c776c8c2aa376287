using MedCor.Gateway.Authentication;
using MedCor.Gateway.HttpPipeline;
using MedCor.Gateway.Limits;
using MedCor.Gateway.OpenApi;
using MedCor.Gateway.ToolInvocation;
using MedCor.ServiceDefaults.Authentication;
using Microsoft.AspNetCore.Authentication;

namespace MedCor.Gateway.LiveEvents.WebSockets;

/// <summary>
/// Maps <c>GET /api/mcp/ws</c>: tool calls and resource changes over one WebSocket. The client authenticates with the first message, within ten seconds, or
/// with the credentials that every other surface accepts: a header, or a ticket in the URL.
/// </summary>
internal sealed class WebSocketEndpoint(
    IConfiguration configuration, EventSubscriptions subscriptions, OpenConnectionLimiter connections, CallQuota quota, TokenValidator tokens,
    ApiKeyTokens apiKeys, ToolInvoker invoker, BufferedBytesLimiter buffers, TimeProvider clock) : IEndpoints
{
    public void Map(IEndpointRouteBuilder app)
    {
        // Read from the configuration and not from options, because all options are validated together when the host starts.
        if (!configuration.GetValue("MCP_WEBSOCKET_ENABLED", true)) return;
        app.MapGet("/api/mcp/ws", HandleAsync).AuthenticateOptionally().AcceptTicket().WithRateLimit(RateLimitPolicy.Sockets)
            .WithMetadata(QueryParametersMetadata.Read, HandshakeMetadata.Instance)
            .DescribeWebSocket(new ErrorResponse("WrongWebSocketVersion", "`Sec-WebSocket-Version` is not 13.", new WebSocketVersionRequired()));
    }

    private async Task HandleAsync(HttpContext http)
    {
        var identity = http.FindCallerIdentity();
        // An invalid credential is rejected: its sender is not treated as anonymous.
        if (identity is null && (await http.AuthenticateAsync()).Failure is not null)
        {
            await http.ChallengeAsync();
            return;
        }
        var caller = identity?.User;
        var (resources, after) = EventSubscriptions.ReadOptions(http.Request);
        if (caller is not null) EventSubscriptions.ThrowIfForbidden(caller, resources);

        // Before the upgrade, so that a client with too many connections receives a normal error response.
        using var lease = caller is null ? connections.AcquireAnonymousSocket(http) : connections.AcquireSocket(caller);
        var connection = DelayedAbortFeature.Install(http, clock);
        using var socket = await http.WebSockets.AcceptWebSocketAsync();
        using var session = new WebSocketSession(http, socket, connection, lease, quota, connections, subscriptions, tokens, apiKeys, invoker, buffers,
            clock);
        await session.RunAsync(caller is null ? null : (caller, identity!.Token, identity.ApiKey), resources, after);
    }
}
