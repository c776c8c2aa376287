using System.Diagnostics;
using System.Text.Json;
using MedCor.Contracts;
using MedCor.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace MedCor.Platform.Messaging;

/// <summary>Represents an event that commits together with the change that it reports, to be published afterwards.</summary>
// Events name people. They are deleted a week after they were published, whoever is erased.
[NoPersonalData(IsExported = false)]
internal sealed class OutboxMessage
{
    public long Position { get; init; }
    public required Guid EventId { get; init; }
    public required Guid? HospitalId { get; init; }
    public required string Type { get; init; }
    public required string Body { get; init; }
    public string? Traceparent { get; init; }

    /// <summary>Gets the only service that receives the event; null for all services that consume it.</summary>
    public string? Addressee { get; init; }
    public required DateTimeOffset OccurredAt { get; init; }
    public DateTimeOffset? DispatchedAt { get; init; }

    internal static OutboxMessage From(IntegrationEvent e, string? addressee = null) => new()
    {
        EventId = e.EventId,
        HospitalId = e.HospitalId,
        Type = e.GetType().FullName!,
        Body = JsonSerializer.Serialize(e, e.GetType(), Json.Options),
        Traceparent = Activity.Current?.Id,
        OccurredAt = e.OccurredAt,
        Addressee = addressee,
    };

    internal sealed class Configuration : IEntityTypeConfiguration<OutboxMessage>
    {
        public void Configure(EntityTypeBuilder<OutboxMessage> outbox)
        {
            outbox.ToTable("outbox").HasKey(m => m.Position);
            outbox.Property(m => m.Position).UseIdentityAlwaysColumn();
        }
    }
}
