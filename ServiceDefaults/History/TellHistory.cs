using MedCor.Contracts;
using MedCor.ServiceDefaults.Messaging;
using MedCor.ServiceDefaults.Tenancy;

namespace MedCor.ServiceDefaults.History;

/// <summary>
/// Retells all that a service owns to the one that asked. In the one transaction that also says it was done: after a crash it begins again, and tells nothing twice.
/// </summary>
internal sealed class TellHistory(TenantDb db, ServiceIdentity service, IEnumerable<ITellHistory> tellers, TimeProvider clock) : IHear<HistoryWanted>
{
    public async Task Hear(HistoryWanted wanted, CancellationToken ct)
    {
        if (!wanted.Owners.Contains(service.Name)) return;
        var now = clock.GetUtcNow();
        var told = 0L;
        foreach (var teller in tellers)
            await foreach (var happened in teller.Tell(ct))
            {
                told++;
                Add(happened with { EventId = Retold.Id(wanted.HistoryId, service.Name, told), OccurredAt = now });
                if (told % Pages.Size == 0) await Flush();
            }
        Add(new HistoryTold(wanted.HistoryId, service.Name, told) { OccurredAt = now });
        await Flush();
        db.WakeDispatcher();

        void Add(IntegrationEvent happened) => db.Add(OutboxMessage.From(happened, wanted.Asker));

        async Task Flush()
        {
            await db.SaveChangesAsync(ct);
            db.ChangeTracker.Clear();
        }
    }
}
