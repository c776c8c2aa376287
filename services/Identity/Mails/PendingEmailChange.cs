using MedCor.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace MedCor.Identity.Mails;

/// <summary>Represents a change of an e-mail address that somebody else than the user has requested. A user has at most one.</summary>
[PersonalData(OnErasure.Delete, nameof(PendingEmailChange.UserId), IsExported = false)]
internal sealed class PendingEmailChange
{
    /// <summary>The time in which the user can object.</summary>
    internal static readonly TimeSpan ObjectionTime = TimeSpan.FromDays(1);

    /// <summary>The time after the request in which the new address can be confirmed.</summary>
    internal static readonly TimeSpan Lifetime = TimeSpan.FromDays(3);

    public required Guid UserId { get; init; }
    public required string NewEmail { get; init; }

    /// <summary>Gets the time from which the new address can be confirmed.</summary>
    public required DateTimeOffset EffectiveAt { get; init; }

    public required DateTimeOffset ExpiresAt { get; init; }

    internal sealed class Configuration : IEntityTypeConfiguration<PendingEmailChange>
    {
        public void Configure(EntityTypeBuilder<PendingEmailChange> change) => change.ToTable("email_changes").HasKey(c => c.UserId);
    }
}
