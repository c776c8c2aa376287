using System.ComponentModel.DataAnnotations;

namespace MedCor.Gateway.Chat;

/// <summary>Configures how answers are streamed.</summary>
internal sealed class ChatStreamOptions
{
    /// <summary>Gets or sets the number of seconds without an event after which a stream ends.</summary>
    [ConfigurationKeyName("MCP_STREAM_TIMEOUT")]
    [Range(1, 3600, ErrorMessage = "MCP_STREAM_TIMEOUT must be 1 to 3600 seconds.")]
    public int IdleTimeoutSeconds { get; set; } = 300;
}
