using MedCor.Platform.Database;
using MedCor.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace MedCor.Chat.ToolUse;

/// <summary>Specifies what became of a change that the model proposed.</summary>
internal enum ConfirmationState
{
    /// <summary>The owner of the run has not answered.</summary>
    Pending,
    /// <summary>The owner has confirmed, and the tool is being called.</summary>
    Confirmed,
    /// <summary>The tool has made the change.</summary>
    Done,
    /// <summary>The tool has refused the change.</summary>
    Failed,
    /// <summary>The owner has refused.</summary>
    Declined,
    /// <summary>The owner has not answered in time.</summary>
    Expired,
}

/// <summary>Represents a change that the model proposed in a run and that is made only if the owner of the run confirms it.</summary>
[PersonalData(OnErasure.Delete, nameof(Confirmation.OwnerId), IsPrivate = true)]
internal sealed class Confirmation : Entity, IEncryptedRow
{
    public required Guid HospitalId { get; init; }
    public required Guid RunId { get; init; }
    public required Guid OwnerId { get; init; }
    public required string Tool { get; init; }

    /// <summary>Gets the parameters of the tool, as JSON. What the owner confirms is exactly what is sent.</summary>
    [Encrypted(ifDestroyed: "{}")]
    public required string Arguments { get; init; }
    public ConfirmationState State { get; set; }

    /// <summary>Gets or sets the result of the tool if done, or its error if failed, as JSON.</summary>
    [Encrypted(ifDestroyed: "null")]
    public string? Result { get; set; }
    public required DateTimeOffset ExpiresAt { get; init; }

    internal sealed class Configuration : IEntityTypeConfiguration<Confirmation>
    {
        public void Configure(EntityTypeBuilder<Confirmation> confirmation) =>
            confirmation.ToTable("chat_confirmations").HasKey(c => new { c.HospitalId, c.Id });
    }
}
