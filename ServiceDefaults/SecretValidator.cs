using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace MedCor.ServiceDefaults;

/// <summary>Validates secrets from configuration.</summary>
public static class SecretValidator
{
    private const int MinLength = 32;
    private const int MinDistinctCharacters = 10;

    /// <summary>
    /// Validates a secret. The result is a failure that names the variable when the secret is missing, weak or, outside Development, the default from the
    /// repository.
    /// </summary>
    public static ValidateOptionsResult Validate(string variable, string secret, IHostEnvironment environment) => FindWeakness(secret, environment) is { } wrong
        ? ValidateOptionsResult.Fail($"Set {variable} to a secret of your own of at least {MinLength} random characters: it {wrong}.")
        : ValidateOptionsResult.Success;

    private static string? FindWeakness(string secret, IHostEnvironment environment) => secret switch
    {
        null or "" => "is missing",
        { Length: < MinLength } => "is too short",
        _ when secret.Distinct().Count() < MinDistinctCharacters => "is too simple",
        _ when secret.StartsWith("development-only", StringComparison.Ordinal) && !environment.IsDevelopment() => "is the development default",
        _ => null,
    };
}
