using System.ComponentModel.DataAnnotations;

namespace MedCor.Chat.Runs;

/// <summary>Holds the limits on what callers may request from the model. 0 means no limit.</summary>
internal sealed class ChatLimits
{
    /// <summary>Gets or sets how many answers are written for one user concurrently, over all replicas.</summary>
    [ConfigurationKeyName("MCP_MAX_CHAT_CALLS")]
    [Range(0, 1000, ErrorMessage = "MCP_MAX_CHAT_CALLS must be 0 to 1000 answers at once.")]
    public int MaxConcurrentRuns { get; set; } = 4;

    /// <summary>Gets or sets the tokens that one user may use per day, in questions and answers together.</summary>
    [ConfigurationKeyName("MCP_CHAT_DAILY_TOKENS_USER")]
    [Range(0, long.MaxValue, ErrorMessage = "MCP_CHAT_DAILY_TOKENS_USER must be a number of tokens; 0 is any.")]
    public long DailyTokensPerUser { get; set; } = 200_000;

    /// <summary>Gets or sets the tokens that all users of one hospital together may use per day.</summary>
    [ConfigurationKeyName("MCP_CHAT_DAILY_TOKENS_HOSPITAL")]
    [Range(0, long.MaxValue, ErrorMessage = "MCP_CHAT_DAILY_TOKENS_HOSPITAL must be a number of tokens; 0 is any.")]
    public long DailyTokensPerHospital { get; set; } = 5_000_000;

    /// <summary>Gets or sets the tokens that clients with the server token may use per day.</summary>
    [ConfigurationKeyName("MCP_CHAT_DAILY_TOKENS_SERVER")]
    [Range(0, long.MaxValue, ErrorMessage = "MCP_CHAT_DAILY_TOKENS_SERVER must be a number of tokens; 0 is any.")]
    public long DailyTokensOfServerToken { get; set; } = 5_000_000;
}
