using MedCor.ServiceDefaults;
using Microsoft.Extensions.Options;

namespace MedCor.Identity.Keys;

/// <summary>Holds the options of the configuration section <c>Identity</c>.</summary>
internal sealed class KeyOptions
{
    /// <summary>Gets or sets the secret that encrypts the signing keys: at least 32 characters, and the same on all replicas.</summary>
    public string KeyEncryptionSecret { get; set; } = "";
}

/// <summary>Rejects a missing or weak secret.</summary>
internal sealed class KeyOptionsValidator(IHostEnvironment environment) : IValidateOptions<KeyOptions>
{
    public ValidateOptionsResult Validate(string? name, KeyOptions options) =>
        SecretValidator.Validate("Identity__KeyEncryptionSecret", options.KeyEncryptionSecret, environment);
}
