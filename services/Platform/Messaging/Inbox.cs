using System.Threading.RateLimiting;
using MassTransit;
using MedCor.Contracts;
using MedCor.ServiceDefaults.Messaging;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Platform.Messaging;

/// <summary>Passes an event to its handlers once, in one transaction with their changes, however often the broker delivers it.</summary>
internal sealed class Inbox<TEvent>(DbContext db, MedCor.Platform.Tenancy.TenantContext tenancy, IEnumerable<IEventHandler<TEvent>> handlers,
    ConcurrencyLimiter limiter) : EventConsumer<TEvent> where TEvent : IntegrationEvent
{
    protected override async Task ReceiveAsync(ConsumeContext<TEvent> context)
    {
        var (integrationEvent, ct) = (context.Message, context.CancellationToken);
        tenancy.Enter(integrationEvent.HospitalId);

        // Each needs a connection, and where there are projections, the broker delivers more events at a time than there are connections.
        using var permit = await limiter.AcquireAsync(cancellationToken: ct);
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        var isNew = await db.Database.ExecuteSqlAsync($"INSERT INTO inbox (event_id) VALUES ({integrationEvent.EventId}) ON CONFLICT DO NOTHING", ct);
        if (isNew == 0) return;

        foreach (var handler in handlers) await handler.HandleAsync(integrationEvent, ct);
        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
    }
}
