using System.Security.Cryptography;
using MedCor.Identity.Keys;
using MedCor.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using OtpNet;

namespace MedCor.Identity.SecondFactors;

/// <summary>Represents a user's authenticator app, which shows a new code every 30 seconds (TOTP, RFC 6238).</summary>
[PersonalData(OnErasure.Decide, nameof(Authenticator.LoginId), IsExported = false)]
internal sealed class Authenticator
{
    /// <summary>The length of a secret: that of the hash, as RFC 4226, section 4, recommends.</summary>
    private const int SecretBytes = 20;

    /// <summary>Accepts the code before and the code after the current one too: clocks differ, and typing takes time (RFC 6238, section 5.2).</summary>
    private static readonly VerificationWindow Window = new(previous: 1, future: 1);

    public required Guid LoginId { get; init; }
    public required byte[] EncryptedSecret { get; init; }

    /// <summary>Gets the time step of the last accepted code. This step and all before it are spent.</summary>
    public required long LastStep { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    internal static byte[] CreateSecret() => RandomNumberGenerator.GetBytes(SecretBytes);

    internal static byte[] Encrypt(KeyEncryption encryption, Guid loginId, byte[] secret) => encryption.Encrypt(secret, GetName(loginId));

    /// <summary>Returns the secret. Throws <see cref="AuthenticationTagMismatchException"/> when it was encrypted with another configured secret.</summary>
    internal byte[] Decrypt(KeyEncryption encryption) => encryption.Decrypt(EncryptedSecret, GetName(LoginId));

    /// <summary>Returns the time step of which a text is the code; null when it is the code of none that is accepted now.</summary>
    internal static long? FindStep(byte[] secret, string code, DateTimeOffset now) =>
        new Totp(secret).VerifyTotp(now.UtcDateTime, code, out var step, Window) ? step : null;

    /// <summary>Returns the address that a QR code contains for authenticator apps.</summary>
    internal static string GetUri(byte[] secret, string email) => new OtpUri(OtpType.Totp, secret, email, "MedCor").ToString();

    /// <summary>Returns the name that binds an encrypted secret to its login.</summary>
    private static string GetName(Guid loginId) => $"authenticator {loginId}";

    internal sealed class Configuration : IEntityTypeConfiguration<Authenticator>
    {
        public void Configure(EntityTypeBuilder<Authenticator> authenticator) => authenticator.ToTable("authenticators").HasKey(a => a.LoginId);
    }
}
