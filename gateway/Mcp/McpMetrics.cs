using System.Collections.Frozen;
using System.Diagnostics.Metrics;

namespace MedCor.Gateway.Mcp;

/// <summary>
/// Counts the requests to MCP that have a token, by era, method and outcome. The calls of tools and reads of resources among them are measured as on every
/// surface.
/// </summary>
internal static class McpMetrics
{
    public const string Succeeded = "OK";
    public const string ToolFailed = "TOOL_ERROR";
    public const string Asked = "INPUT_REQUIRED";
    public const string Abandoned = "ABANDONED";

    private static readonly Counter<long> Requests =
        new Meter("MedCor").CreateCounter<long>("medcor.mcp.requests", "{request}", "Requests to MCP at this gateway.");

    /// <summary>The methods that are named; a client can send any text as its method.</summary>
    private static readonly FrozenSet<string> Methods = FrozenSet.Create(
        "initialize", "ping", "server/discover", "tools/list", "tools/call", "resources/list", "resources/templates/list", "resources/read", "prompts/list",
        "prompts/get", "completion/complete", McpMessage.SubscribeMethod, "notifications/initialized", "notifications/cancelled");

    /// <summary>Records a request that has been answered.</summary>
    public static void Record(McpMessage message, string outcome) =>
        Requests.Add(1, new("era", message.IsModern ? "modern" : "legacy"),
            new("method", message.Method is { } method && Methods.Contains(method) ? method : "other"), new("outcome", outcome));
}
