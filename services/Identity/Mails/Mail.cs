using MedCor.Identity.Accounts;
using MedCor.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace MedCor.Identity.Mails;

/// <summary>Specifies what a mail says.</summary>
internal enum MailKind
{
    /// <summary>An account was created, and its user may choose a password.</summary>
    Invitation,

    /// <summary>A hospital has registered the recipient, who logs in at others. Sent in place of an invitation.</summary>
    HospitalLink,

    /// <summary>Somebody asked for a new password.</summary>
    PasswordReset,

    /// <summary>The recipient's address is to become that of an account.</summary>
    EmailConfirmation,

    /// <summary>Somebody else wants to make the recipient's address that of an account that nobody has used.</summary>
    EmailCorrection,

    /// <summary>Somebody wanted the recipient's address for another account. Sent in place of a mail to confirm it.</summary>
    EmailTaken,

    /// <summary>Somebody else wants to make the recipient's address that of an account that its user has used.</summary>
    EmailChangeByOthers,

    /// <summary>Somebody else wants to replace the recipient's address, which is that of the account.</summary>
    EmailChangeReview,

    /// <summary>The password was changed.</summary>
    PasswordChanged,

    /// <summary>The e-mail address was changed.</summary>
    EmailChanged,

    /// <summary>A second factor was added or removed, or the recovery codes were replaced.</summary>
    SecondFactorsChanged,

    /// <summary>The account was linked to the identity provider of the hospital.</summary>
    ProviderLinked,

    /// <summary>A hospital was added to the login.</summary>
    HospitalLinked,

    /// <summary>The identity provider of the recipient's hospital was changed.</summary>
    IdentityProviderChanged,

    /// <summary>The sign-in policy of the recipient's hospital was changed.</summary>
    SignInPolicyChanged,

    /// <summary>The hospital has confirmed or refused a request to correct the name or date of birth of a patient.</summary>
    CorrectionDecided,
}

/// <summary>Represents a mail that waits to be sent. Its text, with the link in it, is made when it is sent.</summary>
[PersonalData(OnErasure.Delete, nameof(Mail.UserId), IsExported = false)]
internal sealed class Mail
{
    public Guid Id { get; init; } = Guid.CreateVersion7();
    public required MailKind Kind { get; init; }

    /// <summary>Gets the account that the mail is about; null for a reset, whose account is looked up by the recipient.</summary>
    public Guid? UserId { get; init; }

    /// <summary>Gets the address to send to; null for the address that the account has by then. For a reset, the address that somebody typed.</summary>
    public string? Recipient { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset DueAt { get; set; }
    public required DateTimeOffset ExpiresAt { get; init; }
    public int Attempts { get; set; }

    public Account? User { get; init; }

    internal sealed class Configuration : IEntityTypeConfiguration<Mail>
    {
        public void Configure(EntityTypeBuilder<Mail> mail)
        {
            mail.ToTable("mails").HasKey(m => m.Id);
            mail.HasOne(m => m.User).WithMany().HasForeignKey(m => m.UserId);
        }
    }
}
