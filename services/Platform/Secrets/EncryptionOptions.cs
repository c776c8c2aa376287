using MedCor.ServiceDefaults;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace MedCor.Platform.Secrets;

/// <summary>Provides the options of the encryption of texts; configuration section <c>Encryption</c>.</summary>
internal sealed class EncryptionOptions
{
    /// <summary>
    /// Gets or sets the secret that wraps the data keys of all hospitals: at least 32 characters, and the same on all replicas of the service.
    /// </summary>
    public string Secret { get; set; } = "";

    /// <summary>Gets or sets the former secret, until no data key is wrapped with it any more; null otherwise.</summary>
    public string? PreviousSecret { get; set; }
}

/// <summary>Rejects a secret that is missing or weak.</summary>
internal sealed class EncryptionOptionsValidator(IHostEnvironment environment) : IValidateOptions<EncryptionOptions>
{
    public ValidateOptionsResult Validate(string? name, EncryptionOptions options)
    {
        var current = SecretValidator.Validate("Encryption__Secret", options.Secret, environment);
        return current.Failed || string.IsNullOrEmpty(options.PreviousSecret)
            ? current
            : SecretValidator.Validate("Encryption__PreviousSecret", options.PreviousSecret, environment);
    }
}
