using MedCor.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace MedCor.Identity.IdentityProviders;

/// <summary>Represents who a user is at the identity provider of the hospital.</summary>
[PersonalData(OnErasure.Delete, nameof(IdentityLink.UserId))]
internal sealed class IdentityLink : ITenantOwned
{
    public required Guid HospitalId { get; init; }
    public required string Issuer { get; init; }

    /// <summary>Gets the name that the provider never gives to anybody else.</summary>
    public required string Subject { get; init; }

    public required Guid UserId { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset LastUsedAt { get; set; }

    internal sealed class Configuration : IEntityTypeConfiguration<IdentityLink>
    {
        public void Configure(EntityTypeBuilder<IdentityLink> link) =>
            link.ToTable("identity_links").HasKey(l => new { l.HospitalId, l.Issuer, l.Subject });
    }
}
