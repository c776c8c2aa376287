using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace MedCor.ServiceDefaults;

/// <summary>Secrets from configuration.</summary>
public static class Secrets
{
    private const int Shortest = 32;
    private const int FewestDifferent = 10;

    /// <summary>Refuses, naming the variable, a secret that is missing, weak or, outside Development, the one that stands in the repository.</summary>
    public static ValidateOptionsResult Check(string variable, string secret, IHostEnvironment environment) => WhatIsWrong(secret, environment) is { } wrong
        ? ValidateOptionsResult.Fail($"Set {variable} to a secret of your own of at least {Shortest} random characters: it {wrong}.")
        : ValidateOptionsResult.Success;

    private static string? WhatIsWrong(string secret, IHostEnvironment environment) => secret switch
    {
        null or "" => "is missing",
        { Length: < Shortest } => "is too short",
        _ when secret.Distinct().Count() < FewestDifferent => "is too simple",
        _ when secret.StartsWith("development-only", StringComparison.Ordinal) && !environment.IsDevelopment() => "is the development default",
        _ => null,
    };
}
