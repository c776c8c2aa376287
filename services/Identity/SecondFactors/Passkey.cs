using MedCor.Platform.Tenancy;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using PersonalDataAttribute = MedCor.Platform.Tenancy.PersonalDataAttribute;

namespace MedCor.Identity.SecondFactors;

/// <summary>Represents a passkey: the public key of a WebAuthn authenticator.</summary>
[PersonalData(OnErasure.Decide, nameof(Passkey.LoginId), IsExported = false)]
internal sealed class Passkey
{
    public required byte[] CredentialId { get; init; }
    public required Guid LoginId { get; init; }

    /// <summary>Gets the name by which the user recognizes the passkey.</summary>
    public required string Name { get; init; }

    public required byte[] PublicKey { get; init; }
    public required long SignCount { get; init; }

    /// <summary>Gets the ways in which a browser reaches the authenticator, separated by spaces.</summary>
    public required string Transports { get; init; }

    /// <summary>Gets whether the key may leave the device on which it was made.</summary>
    public required bool IsBackupEligible { get; init; }

    public required bool IsBackedUp { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset LastUsedAt { get; init; }

    internal static Passkey From(UserPasskeyInfo passkey, Guid loginId, string name, DateTimeOffset now) => new()
    {
        CredentialId = passkey.CredentialId,
        LoginId = loginId,
        Name = name,
        PublicKey = passkey.PublicKey,
        SignCount = passkey.SignCount,
        Transports = string.Join(' ', passkey.Transports ?? []),
        IsBackupEligible = passkey.IsBackupEligible,
        IsBackedUp = passkey.IsBackedUp,
        CreatedAt = now,
        LastUsedAt = now,
    };

    internal UserPasskeyInfo ToInfo() => new(CredentialId, PublicKey, CreatedAt, (uint)SignCount, Transports.Split(' ', StringSplitOptions.RemoveEmptyEntries),
        isUserVerified: true, IsBackupEligible, IsBackedUp, attestationObject: [], clientDataJson: []);

    internal sealed class Configuration : IEntityTypeConfiguration<Passkey>
    {
        public void Configure(EntityTypeBuilder<Passkey> passkey) => passkey.ToTable("passkeys").HasKey(p => p.CredentialId);
    }
}
