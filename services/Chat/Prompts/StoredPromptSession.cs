using MedCor.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace MedCor.Chat.Prompts;

/// <summary>A prompt under way, from one answer to the next: all that a replica needs to go on with it.</summary>
internal sealed class StoredPromptSession : Entity, ITenantOwned
{
    public required Guid HospitalId { get; init; }

    /// <summary>Who began it; it is there for nobody else.</summary>
    public required Guid OwnerId { get; init; }
    public required string Prompt { get; init; }

    /// <summary>The step that is open; none when the prompt is completed.</summary>
    public string? Step { get; set; }

    /// <summary>How many steps from the first on cannot be answered anew, because what came of them is done.</summary>
    public int Settled { get; set; }

    /// <summary>Why the step is asked once more, if it is.</summary>
    public string? Notice { get; set; }

    /// <summary>What the prompt knows, as JSON.</summary>
    public string Data { get; set; } = "{}";
    public DateTimeOffset ExpiresAt { get; set; }

    internal sealed class Configuration : IEntityTypeConfiguration<StoredPromptSession>
    {
        public void Configure(EntityTypeBuilder<StoredPromptSession> session) => session.ToTable("prompt_sessions").HasKey(s => new { s.HospitalId, s.Id });
    }
}
