using MedCor.Contracts;
using MedCor.Platform.Database;
using MedCor.Platform.Messaging;
using MedCor.ServiceDefaults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace MedCor.Platform.Replay;

/// <summary>Notes that somebody wants to be told all that this service owns.</summary>
internal sealed class ReplayRequestHandler(TenantDb db, ServiceInfo service) : IEventHandler<HistoryWanted>
{
    public async Task HandleAsync(HistoryWanted wanted, CancellationToken ct)
    {
        if (!wanted.Owners.Contains(service.Name)) return;
        await db.Database.ExecuteSqlAsync($"INSERT INTO tellings (history_id, asker, events) VALUES ({wanted.HistoryId}, {wanted.Asker}, {wanted.Events.ToArray()})", ct);
    }
}

/// <summary>
/// Retells all that a service owns to the one that asked, page by page. A page and how far it goes commit together, so that any replica goes on where one stopped
/// and nothing is told twice; what changes behind a page is told by its own event.
/// </summary>
internal sealed class ReplayService(IServiceScopeFactory scopes, ServiceInfo service, TimeProvider clock, ILogger<ReplayService> log)
    : PeriodicService(TimeSpan.FromSeconds(1), clock, log)
{
    private readonly TimeProvider _clock = clock;

    protected override async Task RunOnceAsync(CancellationToken ct)
    {
        while (await ReplayNextPageAsync(ct)) { }
    }

    /// <summary>Tells a page that no other replica is at, or, after the last, that all was told; false when nothing is wanted.</summary>
    private async Task<bool> ReplayNextPageAsync(CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<TenantDb>();
        db.Tenancy.Enter(hospital: null);
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        var telling = (await db.Database.SqlQuery<PendingReplay>($"""
            SELECT history_id AS "HistoryId", asker AS "Asker", events AS "Events", teller AS "Teller", last_hospital AS "Hospital", last_id AS "Id", told AS "Told"
            FROM tellings LIMIT 1 FOR UPDATE SKIP LOCKED
            """).ToListAsync(ct)).SingleOrDefault();
        if (telling is null) return false;

        // By their names, so that every replica goes through them in one order.
        var tellers = scope.ServiceProvider.GetServices<IReplaySource>().OrderBy(t => t.GetType().Name, StringComparer.Ordinal).ToArray();
        var (id, asker, told, now) = (telling.HistoryId, telling.Asker, telling.Told, _clock.GetUtcNow());
        if (telling.Teller >= tellers.Length)
        {
            db.Add(OutboxMessage.From(new HistoryTold(id, service.Name, told) { OccurredAt = now }, asker));
            await db.Database.ExecuteSqlAsync($"DELETE FROM tellings WHERE history_id = {id}", ct);
        }
        else
        {
            var page = await tellers[telling.Teller].ReadPageAsync(new(telling.Hospital, telling.Id), ct);
            foreach (var happened in page.SelectMany(t => t.Events).Where(e => telling.Events.Contains(e.GetType().Name)))
                db.Add(OutboxMessage.From(happened with { EventId = ReplayEventId.Create(id, service.Name, ++told), OccurredAt = now }, asker));
            var (teller, last) = page.Count < ReplayPages.PageSize ? (telling.Teller + 1, default) : (telling.Teller, page[^1].Key);
            await db.Database.ExecuteSqlAsync($"UPDATE tellings SET teller = {teller}, last_hospital = {last.HospitalId}, last_id = {last.Id}, told = {told} WHERE history_id = {id}", ct);
        }
        db.WakeDispatcher();
        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
        return true;
    }

    private sealed record PendingReplay(Guid HistoryId, string Asker, string[] Events, int Teller, Guid Hospital, Guid Id, long Told);
}
