using MedCor.Contracts;
using MedCor.Platform.LocalCopies;
using MedCor.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace MedCor.Chat.Policies;

/// <summary>Represents what the chat may do for the users of a hospital. A hospital has at most one row of it.</summary>
[NoPersonalData]
internal sealed class ChatPolicy : Entity, ITenantOwned
{
    public required Guid HospitalId { get; init; }
    public bool IsEnabled { get; set; } = true;
    public bool ToolsEnabled { get; set; }

    /// <summary>Throws <see cref="Forbidden"/> when users of the hospital may not ask the model, or not let it use tools.</summary>
    internal void ThrowIfRefused(bool usesTools)
    {
        if (!IsEnabled) throw new Forbidden("Your hospital has turned the chat off.");
        if (usesTools && !ToolsEnabled)
            throw new Forbidden("Your hospital has not turned on tools for the chat. Its administrators do so by update_chat_policy with tools_enabled: true.");
    }

    internal Contracts.Chat.ChatPolicy ToContract() => new(HospitalId, IsEnabled, ToolsEnabled, Version);

    internal sealed class Configuration : IEntityTypeConfiguration<ChatPolicy>
    {
        public void Configure(EntityTypeBuilder<ChatPolicy> policy)
        {
            policy.ToTable("chat_policies").HasKey(p => p.HospitalId);
            policy.HasOne<HospitalCopy>().WithOne().HasForeignKey<ChatPolicy>(p => p.HospitalId);
            policy.Ignore(p => p.Id);
        }
    }
}
