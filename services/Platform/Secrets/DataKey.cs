using System.Collections.Frozen;
using System.Security.Cryptography;
using Microsoft.Extensions.ObjectPool;

namespace MedCor.Platform.Secrets;

/// <summary>Represents a key that encrypts texts of one hospital, unwrapped.</summary>
internal sealed class DataKey
{
    internal const int Size = 32;

    private readonly DefaultObjectPool<AesGcm> _ciphers;

    internal DataKey(Guid id, byte[] key)
    {
        Id = id;
        _ciphers = new(new CipherPolicy(key));
    }

    internal Guid Id { get; }

    /// <summary>Encrypts in place.</summary>
    internal void Encrypt(ReadOnlySpan<byte> nonce, Span<byte> content, Span<byte> tag, ReadOnlySpan<byte> associatedData)
    {
        var cipher = _ciphers.Get();
        cipher.Encrypt(nonce, content, content, tag, associatedData);
        _ciphers.Return(cipher);
    }

    /// <summary>Decrypts in place. Throws <see cref="AuthenticationTagMismatchException"/> when anything was changed.</summary>
    internal void Decrypt(ReadOnlySpan<byte> nonce, Span<byte> content, ReadOnlySpan<byte> tag, ReadOnlySpan<byte> associatedData)
    {
        var cipher = _ciphers.Get();
        cipher.Decrypt(nonce, content, tag, content, associatedData);
        _ciphers.Return(cipher);
    }

    /// <summary>Creates ciphers. One serves a single thread at a time, and preparing it takes longer than encrypting a short text.</summary>
    private sealed class CipherPolicy(byte[] key) : PooledObjectPolicy<AesGcm>
    {
        public override AesGcm Create() => new(key, TextEncryption.TagSize);

        public override bool Return(AesGcm obj) => true;
    }
}

/// <summary>Represents the keys of one hospital as they were read from the database.</summary>
/// <param name="InUse">The key that encrypts what is written; null when the hospital has none.</param>
/// <param name="AreDestroyed">Whether the keys were destroyed, so that nothing can be read or written any more.</param>
/// <param name="IsNotStarted">Whether no key may be created yet: texts are stored as they are.</param>
/// <param name="AreTextsEncrypted">Whether all stored texts of the hospital were encrypted with one of the keys.</param>
/// <param name="ById">All keys that texts may still be encrypted with.</param>
internal sealed record HospitalKeys(
    DataKey? InUse, bool AreDestroyed, bool IsNotStarted, bool AreTextsEncrypted, FrozenDictionary<Guid, DataKey> ById, DateTimeOffset ReadAt)
{
    /// <summary>Gets whether the first key has still to be created, before a text is written.</summary>
    internal bool LacksFirst => this is { InUse: null, AreDestroyed: false, IsNotStarted: false };
}
