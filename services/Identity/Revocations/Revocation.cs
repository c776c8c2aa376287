using MedCor.Platform.Tenancy;
using MedCor.ServiceDefaults.Authentication;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace MedCor.Identity.Revocations;

/// <summary>Represents the revocation of the access tokens of a session, a user, a hospital or a signing key.</summary>
[NoPersonalData(IsExported = false)]
internal sealed class Revocation
{
    public required Guid RevokedId { get; init; }

    /// <summary>
    /// Gets the time up to which issued tokens are revoked: the time of the revocation, and for a signing key <see cref="TokenValidator.KeyRevokedAt"/>.
    /// </summary>
    public required DateTimeOffset RevokedAt { get; init; }

    internal sealed class Configuration : IEntityTypeConfiguration<Revocation>
    {
        public void Configure(EntityTypeBuilder<Revocation> revocation) => revocation.ToTable("revocations").HasKey(r => new { r.RevokedAt, r.RevokedId });
    }
}
