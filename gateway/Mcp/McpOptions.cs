using System.ComponentModel.DataAnnotations;
using System.Security.Cryptography;
using System.Text;
using MedCor.ServiceDefaults;
using Microsoft.Extensions.Options;

namespace MedCor.Gateway.Mcp;

/// <summary>Configures MCP. Read from the root of the configuration.</summary>
internal sealed class McpOptions
{
    private const string StateSecretVariable = "MCP_STATE_SECRET";

    private const string PreviousStateSecretVariable = "MCP_STATE_SECRET_PREVIOUS";

    /// <summary>
    /// Gets or sets the hosts, comma-separated and without ports, by which clients may call MCP, beside that of the public URL and, in Development, those of
    /// this machine. A web page whose own host name was made to lead here (DNS rebinding) names another one.
    /// </summary>
    [ConfigurationKeyName("MCP_ALLOWED_HOSTS")]
    public string? AllowedHosts { get; set; }

    /// <summary>
    /// Gets or sets the largest result of a call in bytes. Models read only so much at once; a larger result is an error that tells how to ask for less.
    /// </summary>
    [ConfigurationKeyName("MCP_RESULT_LIMIT")]
    [Range(1024, 16 * 1024 * 1024, ErrorMessage = "MCP_RESULT_LIMIT must be between 1024 and 16777216 bytes.")]
    public int ResultLimit { get; set; } = 80_000;

    /// <summary>Gets or sets whether dangerous tools are refused to clients that cannot ask a person.</summary>
    [ConfigurationKeyName("MCP_REQUIRE_CONFIRMATION")]
    public bool RequireConfirmation { get; set; }

    /// <summary>Gets or sets the secret that proves that a confirmation answers a question of MedCor; the same for all replicas.</summary>
    [ConfigurationKeyName(StateSecretVariable)]
    public string StateSecret { get; set; } = "";

    /// <summary>Gets or sets the former secret, for confirmations that were asked for before it was replaced.</summary>
    [ConfigurationKeyName(PreviousStateSecretVariable)]
    public string? PreviousStateSecret { get; set; }

    /// <summary>Gets the keys by which questions are recognized; the first signs.</summary>
    internal IReadOnlyList<byte[]> StateKeys =>
    [
        .. from secret in (string?[])[StateSecret, PreviousStateSecret]
           where !string.IsNullOrEmpty(secret)
           select SHA256.HashData(Encoding.UTF8.GetBytes(secret)),
    ];

    /// <summary>Rejects secrets that could be guessed.</summary>
    internal sealed class Validator(IHostEnvironment environment) : IValidateOptions<McpOptions>
    {
        public ValidateOptionsResult Validate(string? name, McpOptions options) =>
            SecretValidator.Validate(StateSecretVariable, options.StateSecret, environment) is { Failed: true } failure ? failure
                : string.IsNullOrEmpty(options.PreviousStateSecret) ? ValidateOptionsResult.Success
                : SecretValidator.Validate(PreviousStateSecretVariable, options.PreviousStateSecret, environment);
    }
}
