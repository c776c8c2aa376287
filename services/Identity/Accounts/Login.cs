using MedCor.Platform.Tenancy;
using MedCor.Validation;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace MedCor.Identity.Accounts;

/// <summary>
/// Represents what a person authenticates with: an e-mail address, which no other login has, with a password, second factors and passkeys. It belongs to no
/// hospital, and is never part of a user that callers read. Users are opened by it through their <see cref="Membership"/>.
/// </summary>
[PersonalData(OnErasure.Decide, nameof(Login.Id), IsExported = false)]
internal sealed class Login
{
    public Guid Id { get; init; } = Guid.CreateVersion7();

    public required string Email
    {
        get;
        set
        {
            field = value;
            EmailKey = EmailAddresses.GetLookupKey(value);
        }
    }

    /// <summary>Gets the e-mail address in the form that comparisons use.</summary>
    public string EmailKey { get; private set; } = "";

    /// <summary>Gets the form of the e-mail address under which attempts to log in are counted: today's, also where an older one is stored.</summary>
    internal string AttemptKey => EmailAddresses.GetLookupKey(Email);

    /// <summary>Gets or sets the hash of the password; null for somebody who was invited and has not chosen one yet.</summary>
    public required string? PasswordHash { get; set; }

    /// <summary>Gets or sets whether somebody else chose the password. Unless the hospital accepts that, it opens only its own change.</summary>
    public bool HasTemporaryPassword { get; set; }

    /// <summary>Gets or sets when somebody proved to receive mail at the address; null if nobody ever did.</summary>
    public DateTimeOffset? EmailVerifiedAt { get; set; }

    internal sealed class Configuration : IEntityTypeConfiguration<Login>
    {
        public void Configure(EntityTypeBuilder<Login> login) => login.ToTable("logins").HasKey(l => l.Id);
    }
}
