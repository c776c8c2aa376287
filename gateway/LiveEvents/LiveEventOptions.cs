using System.ComponentModel.DataAnnotations;

namespace MedCor.Gateway.LiveEvents;

/// <summary>Configures how live events are sent.</summary>
internal sealed class LiveEventOptions
{
    /// <summary>Gets or sets the number of seconds between two heartbeats.</summary>
    [ConfigurationKeyName("MCP_SSE_HEARTBEAT_INTERVAL")]
    [Range(1, 3600, ErrorMessage = "MCP_SSE_HEARTBEAT_INTERVAL must be 1 to 3600 seconds.")]
    public int HeartbeatSeconds { get; set; } = 30;
}
