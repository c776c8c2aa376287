using MedCor.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace MedCor.Chat.Runs;

/// <summary>Represents the tokens that a user or hospital has used on a day, including those that unfinished runs may still use.</summary>
[PersonalData(OnErasure.Delete, nameof(DailyUsage.OwnerId), IsPrivate = true)]
internal sealed class DailyUsage : ITenantOwned
{
    public required Guid HospitalId { get; init; }

    /// <summary>Gets the user; nil for the user's hospital as a whole, and in the nil hospital for the server token.</summary>
    public required Guid OwnerId { get; init; }

    /// <summary>Gets the day, in UTC.</summary>
    public required DateOnly Day { get; init; }
    public required long Tokens { get; init; }

    internal sealed class Configuration : IEntityTypeConfiguration<DailyUsage>
    {
        public void Configure(EntityTypeBuilder<DailyUsage> usage) => usage.ToTable("chat_usage").HasKey(u => new { u.HospitalId, u.OwnerId, u.Day });
    }
}
