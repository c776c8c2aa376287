using MedCor.Contracts.Chat;
using MedCor.Platform.Database;
using MedCor.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace MedCor.Chat.Runs;

/// <summary>
/// Represents a run as it is stored: the question and its result. A run contains what users say, so only its
/// owner may read it, and it is stored for a limited time.
/// </summary>
[PersonalData(OnErasure.Delete, nameof(ChatRun.OwnerId), IsPrivate = true)]
internal sealed class ChatRun : Entity, IEncryptedRow
{
    /// <summary>The name of the column of the answer, which is also written without the entity.</summary>
    internal const string AnswerColumn = "chat_calls.answer";

    public required Guid HospitalId { get; init; }
    public required Guid OwnerId { get; init; }
    public string? SessionId { get; init; }

    /// <summary>Gets the id that the owner gave the request, as long as that id makes the request execute once.</summary>
    public string? RequestId { get; init; }

    /// <summary>Gets the digest of the question.</summary>
    public required string Digest { get; init; }
    public required string Model { get; init; }
    public int? MaxTokens { get; init; }

    /// <summary>Gets the messages of the request, as JSON.</summary>
    [Encrypted(ifDestroyed: "[]")]
    public required string Messages { get; init; }

    /// <summary>Gets whether the messages contain the conversation from its beginning.</summary>
    public required bool IsWhole { get; init; }

    [Encrypted]
    public string? Metadata { get; init; }
    public ChatRunState State { get; set; } = ChatRunState.Started;

    /// <summary>Gets or sets the answer, or the part of it that had arrived.</summary>
    [Encrypted]
    public string Answer { get; set; } = "";

    /// <summary>Gets the length of <see cref="Messages"/> before it is encrypted; null in a run of an earlier version.</summary>
    public int? MessageCharacters { get; init; }

    /// <summary>Gets the length of <see cref="Answer"/> before it is encrypted; null in a run that has not ended, or of an earlier version.</summary>
    public int? AnswerCharacters { get; init; }

    /// <summary>Gets or sets the reason why there is no more of the answer, as JSON.</summary>
    public string? Ending { get; set; }

    /// <summary>Gets the estimated number of tokens that the model was given.</summary>
    public int TokensForeseen { get; init; }

    /// <summary>Gets or sets the tokens that the day is charged for the run: first the maximum that the run may use, then what it used.</summary>
    public int TokensCharged { get; set; }
    public int? TokensRead { get; set; }
    public int? TokensWritten { get; set; }
    public DateTimeOffset? EndedAt { get; set; }

    internal sealed class Configuration : IEntityTypeConfiguration<ChatRun>
    {
        public void Configure(EntityTypeBuilder<ChatRun> call) => call.ToTable("chat_calls").HasKey(c => new { c.HospitalId, c.Id });
    }
}
