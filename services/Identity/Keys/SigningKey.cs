using System.Security.Cryptography;
using MedCor.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Microsoft.IdentityModel.Tokens;

namespace MedCor.Identity.Keys;

/// <summary>Represents a P-256 key that signs access tokens from a given time until the next key does.</summary>
[NoPersonalData(IsExported = false)]
internal sealed class SigningKey
{
    public required string Id { get; init; }
    public required byte[] X { get; init; }
    public required byte[] Y { get; init; }
    public required byte[] EncryptedD { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset SignsFrom { get; init; }

    internal static SigningKey Create(KeyEncryption encryption, DateTimeOffset now, DateTimeOffset signsFrom)
    {
        using var ecdsa = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var key = ecdsa.ExportParameters(includePrivateParameters: true);
        var id = Guid.CreateVersion7(now).ToString("N");
        return new()
        {
            Id = id,
            X = key.Q.X!,
            Y = key.Q.Y!,
            EncryptedD = encryption.Encrypt(key.D!, id),
            CreatedAt = now,
            SignsFrom = signsFrom,
        };
    }

    /// <summary>Converts a key's id to the id that revocations use.</summary>
    internal static Guid ToRevocationId(string id) => Guid.ParseExact(id, "N");

    /// <summary>Returns the public key as it is published.</summary>
    internal PublicKey ToPublicKey() => new("EC", "P-256", "sig", "ES256", Id, Base64UrlEncoder.Encode(X), Base64UrlEncoder.Encode(Y));

    /// <summary>
    /// Returns signing credentials with the private part of the key. Each signature creates its own crypto
    /// object, so any number of signatures may be made concurrently.
    /// </summary>
    internal SigningCredentials ToSigningCredentials(KeyEncryption encryption) => new(
        new JsonWebKey
        {
            Kty = "EC",
            Crv = "P-256",
            Kid = Id,
            KeyId = Id,
            X = Base64UrlEncoder.Encode(X),
            Y = Base64UrlEncoder.Encode(Y),
            D = Base64UrlEncoder.Encode(encryption.Decrypt(EncryptedD, Id)),
        },
        SecurityAlgorithms.EcdsaSha256);

    internal sealed class Configuration : IEntityTypeConfiguration<SigningKey>
    {
        public void Configure(EntityTypeBuilder<SigningKey> key) => key.ToTable("signing_keys").HasKey(k => k.Id);
    }
}

/// <summary>Represents a key of <c>/.well-known/jwks.json</c> (RFC 7517).</summary>
internal sealed record PublicKey(string Kty, string Crv, string Use, string Alg, string Kid, string X, string Y)
{
    /// <summary>Returns the key in the form that verifies tokens.</summary>
    internal SecurityKey ToSecurityKey() => new JsonWebKey { Kty = Kty, Crv = Crv, Use = Use, Alg = Alg, Kid = Kid, KeyId = Kid, X = X, Y = Y };
}
