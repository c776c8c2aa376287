using MedCor.Platform.Database;
using MedCor.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace MedCor.Chat.Prompts;

/// <summary>Represents a session of a prompt between two answers, with all that a replica needs to continue it.</summary>
[PersonalData(OnErasure.Delete, nameof(StoredPromptSession.OwnerId), IsPrivate = true)]
internal sealed class StoredPromptSession : Entity, IEncryptedRow
{
    public required Guid HospitalId { get; init; }

    /// <summary>Gets the user who started the session. No other user can access it.</summary>
    public required Guid OwnerId { get; init; }
    public required string Prompt { get; init; }

    /// <summary>Gets or sets the name of the open step; null when the prompt is completed.</summary>
    public string? Step { get; set; }

    /// <summary>Gets or sets the number of steps, from the first on, that cannot be answered again because their effects are final.</summary>
    public int Settled { get; set; }

    /// <summary>Gets or sets the reason why the open step is asked again; null when it is not.</summary>
    [Encrypted]
    public string? Notice { get; set; }

    /// <summary>Gets or sets the data of the prompt, as JSON.</summary>
    [Encrypted(ifDestroyed: "{}")]
    public string Data { get; set; } = "{}";
    public DateTimeOffset ExpiresAt { get; set; }

    internal sealed class Configuration : IEntityTypeConfiguration<StoredPromptSession>
    {
        public void Configure(EntityTypeBuilder<StoredPromptSession> session) => session.ToTable("prompt_sessions").HasKey(s => new { s.HospitalId, s.Id });
    }
}
