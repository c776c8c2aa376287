using MedCor.Platform.Secrets;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Hosting;

namespace MedCor.Tests.Unit.Platform;

public class EncryptionOptionsTests
{
    private const string Own = "9f8b1c7de02a4455a1d0c3b2e4f6a798";
    private const string Default = "development-only-clinical-texts-1357924680-qwertyuiop";

    [Theory]
    [InlineData("Production", "", null, "Encryption__Secret")]
    [InlineData("Production", "too short for a secret", null, "Encryption__Secret")]
    [InlineData("Staging", Default, null, "Encryption__Secret")]
    [InlineData("Development", "", null, "Encryption__Secret")]
    [InlineData("Production", Own, "too short for a secret", "Encryption__PreviousSecret")]
    public void A_missing_weak_or_default_secret_is_refused_naming_the_variable(string environment, string secret, string? previous, string variable)
    {
        var result = new EncryptionOptionsValidator(new Environment(environment)).Validate(null, new() { Secret = secret, PreviousSecret = previous });

        Assert.True(result.Failed);
        Assert.Contains(variable, result.FailureMessage);
    }

    [Theory]
    [InlineData("Production", Own, null)]
    [InlineData("Production", Own, "")]
    [InlineData("Production", Own, "0a1b2c3d4e5f60718293a4b5c6d7e8f9")]
    [InlineData("Development", Default, null)]
    public void A_good_secret_is_taken(string environment, string secret, string? previous) => Assert.True(
        new EncryptionOptionsValidator(new Environment(environment)).Validate(null, new() { Secret = secret, PreviousSecret = previous }).Succeeded);

    private sealed class Environment(string name) : IHostEnvironment
    {
        public string EnvironmentName { get; set; } = name;
        public string ApplicationName { get; set; } = "";
        public string ContentRootPath { get; set; } = "";
        public IFileProvider ContentRootFileProvider { get; set; } = new NullFileProvider();
    }
}
