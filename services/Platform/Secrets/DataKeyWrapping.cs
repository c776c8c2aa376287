using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;

namespace MedCor.Platform.Secrets;

/// <summary>
/// Wraps data keys with AES-256-GCM and a key that is derived from a secret of the configuration, so that access to the database alone does not suffice to read
/// a text. A wrapped key is bound to its hospital and its ID: two rows cannot be exchanged.
/// </summary>
internal sealed class DataKeyWrapping
{
    private const int NonceSize = 12;
    private const int TagSize = 16;

    /// <summary>The secrets, the current one first. They are read when they are needed: an operator command that reads no text works without.</summary>
    private readonly Lazy<(string Id, byte[] Key)[]> _secrets;

    public DataKeyWrapping(IOptions<EncryptionOptions> options) => _secrets = new(() => DeriveAll(options.Value.Secret, options.Value.PreviousSecret));

    /// <param name="secret">The secret that wraps keys from now on.</param>
    /// <param name="previous">The former secret, which keys may still be wrapped with; null when there is none.</param>
    internal DataKeyWrapping(string secret, string? previous = null) => _secrets = new(() => DeriveAll(secret, previous));

    /// <summary>Gets the ID of the secret that wraps keys, by which its replacement is noticed. It reveals nothing of the secret.</summary>
    internal string SecretId => _secrets.Value[0].Id;

    /// <summary>Gets the IDs of the secrets that keys can be unwrapped with.</summary>
    internal string[] KnownSecretIds => Array.ConvertAll(_secrets.Value, secret => secret.Id);

    /// <summary>Wraps a key with the current secret. Returns nonce, tag and ciphertext.</summary>
    internal byte[] Wrap(ReadOnlySpan<byte> key, Guid hospital, Guid id)
    {
        var wrapped = new byte[NonceSize + TagSize + key.Length];
        var nonce = wrapped.AsSpan(0, NonceSize);
        RandomNumberGenerator.Fill(nonce);
        using var aes = new AesGcm(_secrets.Value[0].Key, TagSize);
        aes.Encrypt(nonce, key, wrapped.AsSpan(NonceSize + TagSize), wrapped.AsSpan(NonceSize, TagSize), Bind(hospital, id));
        return wrapped;
    }

    /// <summary>
    /// Unwraps a key. Throws <see cref="InvalidOperationException"/> when it was wrapped with a secret that is not configured, and
    /// <see cref="AuthenticationTagMismatchException"/> when it was wrapped for another hospital or ID.
    /// </summary>
    internal byte[] Unwrap(ReadOnlySpan<byte> wrapped, string secretId, Guid hospital, Guid id)
    {
        var (_, secret) = Array.Find(_secrets.Value, known => known.Id == secretId);
        if (secret is null)
            throw new InvalidOperationException(
                $"The data key {id} is wrapped with another secret than Encryption__Secret. Set Encryption__PreviousSecret to that secret.");
        var key = new byte[wrapped.Length - NonceSize - TagSize];
        using var aes = new AesGcm(secret, TagSize);
        aes.Decrypt(wrapped[..NonceSize], wrapped[(NonceSize + TagSize)..], wrapped.Slice(NonceSize, TagSize), key, Bind(hospital, id));
        return key;
    }

    private static byte[] Bind(Guid hospital, Guid id) => [.. hospital.ToByteArray(), .. id.ToByteArray()];

    private static (string Id, byte[] Key)[] DeriveAll(string secret, string? previous) =>
        string.IsNullOrEmpty(previous) ? [Derive(secret)] : [Derive(secret), Derive(previous)];

    private static (string Id, byte[] Key) Derive(string secret) =>
        (Convert.ToHexStringLower(Derive(secret, "medcor data key secret id"u8, length: 8)), Derive(secret, "medcor data keys"u8, length: 32));

    private static byte[] Derive(string secret, ReadOnlySpan<byte> purpose, int length)
    {
        var derived = new byte[length];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(secret), derived, salt: [], info: purpose);
        return derived;
    }
}
