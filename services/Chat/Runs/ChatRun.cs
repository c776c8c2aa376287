using MedCor.Contracts.Chat;
using MedCor.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace MedCor.Chat.Runs;

/// <summary>A call as it is kept: what was asked and what came of it. It holds what people tell, so it is its owner's alone and stays only for a time.</summary>
internal sealed class ChatRun : Entity, ITenantOwned
{
    public required Guid HospitalId { get; init; }
    public required Guid OwnerId { get; init; }
    public string? SessionId { get; init; }

    /// <summary>The owner's name for it, as long as that makes it happen once.</summary>
    public string? RequestId { get; init; }

    /// <summary>Of what was asked.</summary>
    public required string Digest { get; init; }
    public required string Model { get; init; }
    public int? MaxTokens { get; init; }

    /// <summary>What was sent, as JSON.</summary>
    public required string Messages { get; init; }

    /// <summary>Whether what was sent holds the conversation from its beginning.</summary>
    public required bool IsWhole { get; init; }
    public string? Metadata { get; init; }
    public ChatRunState State { get; set; } = ChatRunState.Started;

    /// <summary>The answer, or what had come of it.</summary>
    public string Answer { get; set; } = "";

    /// <summary>Why there is no more, as JSON.</summary>
    public string? Ending { get; set; }

    /// <summary>What the model was given, as estimated.</summary>
    public int TokensForeseen { get; init; }

    /// <summary>What the day is charged for it: what it may take at most, then what it took.</summary>
    public int TokensCharged { get; set; }
    public int? TokensRead { get; set; }
    public int? TokensWritten { get; set; }
    public DateTimeOffset? EndedAt { get; set; }

    internal sealed class Configuration : IEntityTypeConfiguration<ChatRun>
    {
        public void Configure(EntityTypeBuilder<ChatRun> call) => call.ToTable("chat_calls").HasKey(c => new { c.HospitalId, c.Id });
    }
}
