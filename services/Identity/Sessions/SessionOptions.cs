using System.ComponentModel.DataAnnotations;

namespace MedCor.Identity.Sessions;

/// <summary>How long logging in lasts. Read from the top of the configuration, under the name that MedCor's clients' documents use.</summary>
internal sealed class SessionOptions
{
    /// <summary>In seconds: a day.</summary>
    internal const int LongestAccess = 86_400;

    /// <summary>A session ends when it was not refreshed for this time.</summary>
    internal static readonly TimeSpan Idle = TimeSpan.FromDays(7);

    /// <summary>A session ends, however often it is refreshed: then the password is asked for again.</summary>
    internal static readonly TimeSpan Longest = TimeSpan.FromDays(30);

    /// <summary>The lifetime of an access token, in seconds.</summary>
    [ConfigurationKeyName("MCP_JWT_EXPIRY"), Range(1, LongestAccess, ErrorMessage = "MCP_JWT_EXPIRY must be between 1 and 86400 seconds.")]
    public int AccessSeconds { get; set; } = 3600;

    internal TimeSpan Access => TimeSpan.FromSeconds(AccessSeconds);
}
