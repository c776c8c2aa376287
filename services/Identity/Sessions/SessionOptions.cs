using System.ComponentModel.DataAnnotations;
using MedCor.ServiceDefaults.Authentication;

namespace MedCor.Identity.Sessions;

/// <summary>
/// Holds the lifetimes of sessions and access tokens. Read from the root of the configuration, under the name that MedCor's client documentation uses.
/// </summary>
internal sealed class SessionOptions
{
    /// <summary>
    /// The time after its login or refresh in which an access token can be renewed by itself, for a client that holds a connection open. A thief with an access
    /// token but no refresh token keeps access no longer than a shift lasts, however often the owner refreshes.
    /// </summary>
    internal static readonly TimeSpan MaxRenewalWithoutRefresh = TimeSpan.FromHours(8);

    /// <summary>Gets or sets the lifetime of an access token, in seconds.</summary>
    [ConfigurationKeyName("MCP_JWT_EXPIRY"), Range(1, TokenOptions.MaxConfigurableSeconds,
        ErrorMessage = "MCP_JWT_EXPIRY must be between 1 and 86400 seconds.")]
    public int AccessTokenSeconds { get; set; } = 3600;

    internal TimeSpan AccessTokenLifetime => TimeSpan.FromSeconds(AccessTokenSeconds);
}
