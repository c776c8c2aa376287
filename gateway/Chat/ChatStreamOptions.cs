using System.ComponentModel.DataAnnotations;

namespace MedCor.Gateway.Chat;

/// <summary>How answers are streamed.</summary>
internal sealed class ChatStreamOptions
{
    /// <summary>A stream in which nothing has happened for so many seconds ends.</summary>
    [ConfigurationKeyName("MCP_STREAM_TIMEOUT")]
    [Range(1, 3600, ErrorMessage = "MCP_STREAM_TIMEOUT must be 1 to 3600 seconds.")]
    public int IdleTimeoutSeconds { get; set; } = 300;
}
