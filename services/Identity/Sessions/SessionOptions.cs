using System.ComponentModel.DataAnnotations;
using MedCor.ServiceDefaults.Authentication;

namespace MedCor.Identity.Sessions;

/// <summary>How long logging in lasts. Read from the top of the configuration, under the name that MedCor's clients' documents use.</summary>
internal sealed class SessionOptions
{
    /// <summary>A session ends when it was not refreshed for this time.</summary>
    internal static readonly TimeSpan IdleTimeout = TimeSpan.FromDays(7);

    /// <summary>A session ends, however often it is refreshed: then the password is asked for again.</summary>
    internal static readonly TimeSpan MaxLifetime = TimeSpan.FromDays(30);

    /// <summary>
    /// An access token is renewed by itself, for who holds a connection open, for this time after the log-in or refresh that it came with: whoever has stolen one and not the refresh
    /// token has it no longer than a shift lasts, however often its owner refreshes.
    /// </summary>
    internal static readonly TimeSpan MaxRenewalWithoutRefresh = TimeSpan.FromHours(8);

    /// <summary>The lifetime of an access token, in seconds.</summary>
    [ConfigurationKeyName("MCP_JWT_EXPIRY"), Range(1, TokenOptions.MaxConfigurableSeconds, ErrorMessage = "MCP_JWT_EXPIRY must be between 1 and 86400 seconds.")]
    public int AccessTokenSeconds { get; set; } = 3600;

    internal TimeSpan AccessTokenLifetime => TimeSpan.FromSeconds(AccessTokenSeconds);
}
