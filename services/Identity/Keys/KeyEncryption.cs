using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;

namespace MedCor.Identity.Keys;

/// <summary>Encrypts the private parts of the signing keys with AES-256-GCM, so that access to the database alone does not suffice to sign tokens.</summary>
internal sealed class KeyEncryption
{
    private const int NonceSize = 12;
    private const int TagSize = 16;
    private readonly byte[] _key;

    public KeyEncryption(IOptions<KeyOptions> options) : this(options.Value.KeyEncryptionSecret) { }

    internal KeyEncryption(string secret) =>
        _key = HKDF.DeriveKey(HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(secret), outputLength: 32, info: "medcor signing keys"u8.ToArray());

    /// <summary>Returns nonce, tag and ciphertext. The ciphertext is bound to the key's id, so that two rows cannot be exchanged.</summary>
    internal byte[] Encrypt(byte[] secret, string keyId)
    {
        var result = new byte[NonceSize + TagSize + secret.Length];
        var nonce = result.AsSpan(0, NonceSize);
        RandomNumberGenerator.Fill(nonce);
        using var aes = new AesGcm(_key, TagSize);
        aes.Encrypt(nonce, secret, result.AsSpan(NonceSize + TagSize), result.AsSpan(NonceSize, TagSize), Encoding.UTF8.GetBytes(keyId));
        return result;
    }

    /// <summary>
    /// Decrypts the private part of a key. Throws <see cref="AuthenticationTagMismatchException"/> when it
    /// was encrypted with another secret or for another key.
    /// </summary>
    internal byte[] Decrypt(byte[] encrypted, string keyId)
    {
        var secret = new byte[encrypted.Length - NonceSize - TagSize];
        using var aes = new AesGcm(_key, TagSize);
        aes.Decrypt(encrypted.AsSpan(0, NonceSize), encrypted.AsSpan(NonceSize + TagSize), encrypted.AsSpan(NonceSize, TagSize), secret,
            Encoding.UTF8.GetBytes(keyId));
        return secret;
    }
}
