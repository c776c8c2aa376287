using MedCor.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace MedCor.Identity.Accounts;

/// <summary>Represents the credentials with which a user authenticates. They are never part of a user that callers read.</summary>
[PersonalData(OnErasure.Delete, nameof(Credential.UserId), IsExported = false)]
internal sealed class Credential
{
    public required Guid UserId { get; init; }

    /// <summary>Gets or sets the hash of the password; null for a user who was invited and has not chosen one yet.</summary>
    public required string? PasswordHash { get; set; }

    /// <summary>Gets or sets whether somebody else chose the password. Unless the hospital accepts that, it opens only its own change.</summary>
    public bool HasTemporaryPassword { get; set; }

    /// <summary>Gets or sets when the user proved to receive mail at the account's address; null if they never did.</summary>
    public DateTimeOffset? EmailVerifiedAt { get; set; }

    /// <summary>Gets or sets when all sessions of the user were last ended; a valid token must be issued later.</summary>
    public DateTimeOffset? RevokedAt { get; set; }

    public DateTimeOffset? LastLoginAt { get; set; }

    internal sealed class Configuration : IEntityTypeConfiguration<Credential>
    {
        public void Configure(EntityTypeBuilder<Credential> credential) => credential.ToTable("credentials").HasKey(c => c.UserId);
    }
}
