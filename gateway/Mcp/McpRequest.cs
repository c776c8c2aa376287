using System.Security.Claims;
using MedCor.Gateway.Authentication;
using MedCor.Gateway.ToolInvocation;

namespace MedCor.Gateway.Mcp;

/// <summary>
/// Represents a request to MCP as the handlers of the protocol layer need it. They receive the user of the request and nothing else of it, so the request
/// travels as that user.
/// </summary>
/// <param name="Areas">The tools to which the client has narrowed the server.</param>
internal sealed record McpRequest(HttpContext Http, InvocationContext Context, McpMessage Message, ToolSelection Areas)
{
    /// <summary>Gets or sets how the request ended, for metrics; null until the protocol layer has answered it.</summary>
    public string? Outcome { get; set; }

    /// <summary>Returns the request of a handler's user.</summary>
    public static McpRequest Of(ClaimsPrincipal? user) => ((Principal)user!).Request;

    /// <summary>Attaches this request to its user.</summary>
    public void Attach() => Http.User = new Principal(this, Http.GetCallerIdentity());

    private sealed class Principal(McpRequest request, CallerIdentity identity) : ClaimsPrincipal(identity)
    {
        public McpRequest Request => request;
    }
}
