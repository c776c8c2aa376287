using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace MedCor.Identity.Accounts;

/// <summary>Represents the credentials with which a user authenticates. They are never part of a user that callers read.</summary>
internal sealed class Credential
{
    public required Guid UserId { get; init; }
    public required string PasswordHash { get; set; }

    /// <summary>Gets or sets when all sessions of the user were last ended; a valid token must be issued later.</summary>
    public DateTimeOffset? RevokedAt { get; set; }

    public DateTimeOffset? LastLoginAt { get; set; }

    internal sealed class Configuration : IEntityTypeConfiguration<Credential>
    {
        public void Configure(EntityTypeBuilder<Credential> credential) => credential.ToTable("credentials").HasKey(c => c.UserId);
    }
}
