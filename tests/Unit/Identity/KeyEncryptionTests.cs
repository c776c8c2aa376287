using System.Security.Cryptography;
using MedCor.Identity.Keys;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Hosting;

namespace MedCor.Tests.Unit.Identity;

public class KeyEncryptionTests
{
    private static readonly byte[] Secret = RandomNumberGenerator.GetBytes(32);
    private readonly KeyEncryption _encryption = new("a secret of at least 32 characters!");

    [Fact]
    public void An_encrypted_key_is_decrypted()
    {
        var encrypted = _encryption.Encrypt(Secret, "k1");

        Assert.Equal(Secret, _encryption.Decrypt(encrypted, "k1"));
        Assert.NotEqual(encrypted, _encryption.Encrypt(Secret, "k1"));
        Assert.Equal(-1, encrypted.AsSpan().IndexOf(Secret));
    }

    [Fact]
    public void Another_secret_or_another_key_or_a_changed_byte_fails()
    {
        var encrypted = _encryption.Encrypt(Secret, "k1");
        var changed = encrypted.ToArray();
        changed[^1] ^= 1;

        Assert.Throws<AuthenticationTagMismatchException>(() => new KeyEncryption("another secret of 32 characters!!!").Decrypt(encrypted, "k1"));
        Assert.Throws<AuthenticationTagMismatchException>(() => _encryption.Decrypt(encrypted, "k2"));
        Assert.Throws<AuthenticationTagMismatchException>(() => _encryption.Decrypt(changed, "k1"));
    }

    [Theory]
    [InlineData("Production", "", "missing")]
    [InlineData("Production", "too short for a secret", "short")]
    [InlineData("Production", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "simple")]
    [InlineData("Production", "development-only-0123456789-abcdefghijklmnopqrstuvwxyz", "development default")]
    [InlineData("Staging", "development-only-0123456789-abcdefghijklmnopqrstuvwxyz", "development default")]
    [InlineData("Development", "", "missing")]
    public void A_missing_weak_or_default_secret_is_refused_naming_the_variable(string environment, string secret, string because)
    {
        var result = new KeyOptionsValidator(new Environment(environment)).Validate(null, new() { KeyEncryptionSecret = secret });

        Assert.True(result.Failed);
        Assert.Contains("Identity__KeyEncryptionSecret", result.FailureMessage);
        Assert.Contains(because, result.FailureMessage);
    }

    [Theory]
    [InlineData("Production", "9f8b1c7de02a4455a1d0c3b2e4f6a798")]
    [InlineData("Development", "development-only-0123456789-abcdefghijklmnopqrstuvwxyz")]
    public void A_good_secret_is_taken(string environment, string secret) =>
        Assert.True(new KeyOptionsValidator(new Environment(environment)).Validate(null, new() { KeyEncryptionSecret = secret }).Succeeded);

    private sealed class Environment(string name) : IHostEnvironment
    {
        public string EnvironmentName { get; set; } = name;
        public string ApplicationName { get; set; } = "";
        public string ContentRootPath { get; set; } = "";
        public IFileProvider ContentRootFileProvider { get; set; } = new NullFileProvider();
    }
}
