using MassTransit;
using MedCor.Contracts;
using MedCor.ServiceDefaults.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace MedCor.ServiceDefaults.Messaging;

/// <summary>Between the bus and a hearer: one event, one effect, whatever the broker delivers.</summary>
internal sealed class Inbox<TEvent>(TenantDb db, Tenancy.Tenancy tenancy, IEnumerable<IEventHandler<TEvent>> hearers) : IConsumer<TEvent> where TEvent : IntegrationEvent
{
    public async Task Consume(ConsumeContext<TEvent> context)
    {
        var (happened, ct) = (context.Message, context.CancellationToken);
        tenancy.Enter(happened.HospitalId);

        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        var isNew = await db.Database.ExecuteSqlAsync($"INSERT INTO inbox (event_id) VALUES ({happened.EventId}) ON CONFLICT DO NOTHING", ct);
        if (isNew == 0) return;

        foreach (var hearer in hearers) await hearer.HandleAsync(happened, ct);
        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
    }
}
