using MedCor.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace MedCor.Identity.Mails;

/// <summary>Specifies what a link opens.</summary>
internal enum LinkPurpose
{
    /// <summary>Choosing the first password.</summary>
    Invitation,

    /// <summary>Setting a new password.</summary>
    PasswordReset,

    /// <summary>Replacing a temporary password, for a user who has just entered it. It was not mailed.</summary>
    TemporaryPassword,

    /// <summary>Confirming a new e-mail address that the user has requested.</summary>
    EmailChange,

    /// <summary>Confirming a new e-mail address that somebody else has requested for an account that nobody has used.</summary>
    EmailCorrection,

    /// <summary>Confirming a new e-mail address that somebody else has requested for an account that its user has used.</summary>
    EmailChangeByOthers,

    /// <summary>Stopping or allowing such a request, by the present address.</summary>
    EmailChangeReview,

    /// <summary>Opening a user of a hospital by the login that has the user's address.</summary>
    HospitalLink,
}

/// <summary>Represents a link that opens one thing of an account, once, by the hash of its token.</summary>
[PersonalData(OnErasure.Delete, nameof(AccountLink.UserId), IsExported = false)]
internal sealed class AccountLink
{
    public required byte[] Hash { get; init; }
    public required Guid UserId { get; init; }
    public required LinkPurpose Purpose { get; init; }

    /// <summary>
    /// Gets the address that the link is about: the new one, or that of the login to which an invitation or a reset was sent; null for other purposes. A link
    /// sets no password of a login that has another address by now.
    /// </summary>
    public string? NewEmail { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset ExpiresAt { get; init; }
    public DateTimeOffset? SpentAt { get; init; }

    internal sealed class Configuration : IEntityTypeConfiguration<AccountLink>
    {
        public void Configure(EntityTypeBuilder<AccountLink> link) => link.ToTable("account_links").HasKey(l => l.Hash);
    }
}
