using MedCor.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace MedCor.Identity.Accounts;

/// <summary>
/// Represents by which login a user is opened, and when the user's sessions were last ended. Each user has one. The login's other users are of other hospitals,
/// so this is not a part of the user, of which row-level security shows one hospital at a time.
/// </summary>
// It is when sessions were last ended that stays: no token from before becomes valid again.
[PersonalData(OnErasure.Keep, nameof(Membership.UserId), IsExported = false)]
internal sealed class Membership
{
    public required Guid UserId { get; init; }

    /// <summary>Gets or sets the ID of the login; null for a user whom none opens, such as a service account.</summary>
    public Guid? LoginId { get; set; }

    /// <summary>
    /// Gets or sets whether the user is to be opened by the login that has the user's address, and opens users of other hospitals. Its owner is asked by mail.
    /// </summary>
    public bool AwaitsLogin { get; set; }

    /// <summary>Gets or sets when all sessions of the user were last ended; a valid token must be issued later.</summary>
    public DateTimeOffset? RevokedAt { get; set; }

    public DateTimeOffset? LastLoginAt { get; set; }

    public Login? Login { get; init; }

    internal sealed class Configuration : IEntityTypeConfiguration<Membership>
    {
        public void Configure(EntityTypeBuilder<Membership> membership)
        {
            membership.ToTable("memberships").HasKey(m => m.UserId);
            membership.HasOne(m => m.Login).WithMany().HasForeignKey(m => m.LoginId);
        }
    }
}
