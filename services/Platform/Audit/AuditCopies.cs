using System.Text.Json;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Platform.Database;
using MedCor.Platform.Messaging;

namespace MedCor.Platform.Audit;

/// <summary>Sends copies of audit events to the service that lists those of all services.</summary>
internal static class AuditCopies
{
    /// <summary>The service that lists the events of all services.</summary>
    internal static readonly string Keeper = ToolCatalogue.ByParameterType[typeof(ListAuditEvents)].Service;

    /// <summary>The number of events that are copied in one message. The outbox takes up to 200 messages into memory at once.</summary>
    private const int EventsPerMessage = 50;

    /// <summary>Sends copies of events of a service: when the caller's transaction is committed, if there is one.</summary>
    internal static async Task SendAsync(TenantDb db, string service, IEnumerable<AuditEvent> events, CancellationToken ct)
    {
        foreach (var some in events.Chunk(EventsPerMessage))
        {
            var copies = JsonSerializer.SerializeToElement(some.Select(e => e with { Service = service }), Json.Options);
            db.Add(OutboxMessage.From(new AuditEventsRecorded(copies) { OccurredAt = db.UtcNow }, Keeper));
        }
        await db.SaveChangesAsync(ct);
        db.WakeDispatcher();
    }
}
