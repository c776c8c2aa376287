using MedCor.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace MedCor.Chat.Runs;

/// <summary>The tokens that somebody has used on a day, with those that calls under way may still take.</summary>
internal sealed class DailyUsage : ITenantOwned
{
    public required Guid HospitalId { get; init; }

    /// <summary>The user; nil for their hospital as a whole, and of the nil hospital for the server token.</summary>
    public required Guid OwnerId { get; init; }

    /// <summary>In UTC.</summary>
    public required DateOnly Day { get; init; }
    public required long Tokens { get; init; }

    internal sealed class Configuration : IEntityTypeConfiguration<DailyUsage>
    {
        public void Configure(EntityTypeBuilder<DailyUsage> usage) => usage.ToTable("chat_usage").HasKey(u => new { u.HospitalId, u.OwnerId, u.Day });
    }
}
