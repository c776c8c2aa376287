using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace MedCor.Identity.Accounts;

/// <summary>What somebody proves with who they are. Never part of a person that is read.</summary>
internal sealed class Credential
{
    public required Guid UserId { get; init; }
    public required string PasswordHash { get; set; }

    /// <summary>When all their sessions were last ended; a token must be younger.</summary>
    public DateTimeOffset? RevokedAt { get; set; }

    public DateTimeOffset? LastLoginAt { get; set; }

    internal sealed class Configuration : IEntityTypeConfiguration<Credential>
    {
        public void Configure(EntityTypeBuilder<Credential> credential) => credential.ToTable("credentials").HasKey(c => c.UserId);
    }
}
