using System.ComponentModel.DataAnnotations;

namespace MedCor.Gateway.LiveEvents;

/// <summary>How live events are sent.</summary>
internal sealed class LiveEventOptions
{
    /// <summary>Seconds between two heartbeats.</summary>
    [ConfigurationKeyName("MCP_SSE_HEARTBEAT_INTERVAL")]
    [Range(1, 3600, ErrorMessage = "MCP_SSE_HEARTBEAT_INTERVAL must be 1 to 3600 seconds.")]
    public int HeartbeatSeconds { get; set; } = 30;
}
