using MedCor.Contracts;
using MedCor.Platform.Database;
using MedCor.Platform.Messaging;
using MedCor.ServiceDefaults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace MedCor.Platform.Replay;

/// <summary>Records that a service requests a replay of this service's data.</summary>
internal sealed class ReplayRequestHandler(TenantDb db, ServiceInfo service) : IEventHandler<HistoryWanted>
{
    public async Task HandleAsync(HistoryWanted request, CancellationToken ct)
    {
        if (!request.Owners.Contains(service.Name) || !BrokerAccess.ReplayRequesters.Contains(request.Asker)) return;
        await db.Database.ExecuteSqlAsync(
            $"INSERT INTO tellings (history_id, asker, events) VALUES ({request.HistoryId}, {request.Asker}, {request.Events.ToArray()})", ct);
    }
}

/// <summary>
/// Replays a service's data to the service that requested it, page by page. A page and the new position commit together, so that any replica continues where
/// another stopped and nothing is replayed twice. Rows that change after their page are published by their own events.
/// </summary>
internal sealed class ReplayService(IServiceScopeFactory scopes, ServiceInfo service, TimeProvider clock, ILogger<ReplayService> log)
    : PeriodicService(TimeSpan.FromSeconds(1), clock, log)
{
    private readonly TimeProvider _clock = clock;

    protected override async Task RunOnceAsync(CancellationToken ct)
    {
        while (await ReplayNextPageAsync(ct)) { }
    }

    /// <summary>
    /// Publishes a page that no other replica is working on or, after the last page, the end of the replay; returns false when no replay is requested.
    /// </summary>
    private async Task<bool> ReplayNextPageAsync(CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<TenantDb>();
        db.Tenancy.Enter(hospital: null);
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        var replay = (await db.Database.SqlQuery<PendingReplay>($"""
            SELECT history_id AS "HistoryId", asker AS "Requester", events AS "Events", teller AS "Source",
                last_hospital AS "Hospital", last_id AS "Id", told AS "EventCount"
            FROM tellings LIMIT 1 FOR UPDATE SKIP LOCKED
            """).ToListAsync(ct)).SingleOrDefault();
        if (replay is null) return false;

        // Sorted by name, so that every replica uses the same order.
        var sources = scope.ServiceProvider.GetServices<IReplaySource>().OrderBy(t => t.GetType().Name, StringComparer.Ordinal).ToArray();
        var (id, requester, eventCount, now) = (replay.HistoryId, replay.Requester, replay.EventCount, _clock.GetUtcNow());
        if (replay.Source >= sources.Length)
        {
            db.Add(OutboxMessage.From(new HistoryTold(id, service.Name, eventCount) { OccurredAt = now }, requester));
            await db.Database.ExecuteSqlAsync($"DELETE FROM tellings WHERE history_id = {id}", ct);
        }
        else
        {
            var page = await sources[replay.Source].ReadPageAsync(new(replay.Hospital, replay.Id), ct);
            foreach (var integrationEvent in page.SelectMany(t => t.Events).Where(e => replay.Events.Contains(e.GetType().Name)))
                db.Add(OutboxMessage.From(integrationEvent with { EventId = ReplayEventId.Create(id, service.Name, ++eventCount), OccurredAt = now },
                    requester));
            var (source, last) = page.Count < ReplayPages.PageSize ? (replay.Source + 1, default) : (replay.Source, page[^1].Key);
            await db.Database.ExecuteSqlAsync(
                $"UPDATE tellings SET teller = {source}, last_hospital = {last.HospitalId}, last_id = {last.Id}, told = {eventCount} WHERE history_id = {id}",
                ct);
        }
        db.WakeDispatcher();
        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
        return true;
    }

    /// <summary>Represents a replay that is not complete.</summary>
    /// <param name="Source">The index of the source that is read, among all sources by name.</param>
    /// <param name="Hospital">The hospital of the row that was read last.</param>
    /// <param name="EventCount">The number of events that were published so far.</param>
    private sealed record PendingReplay(Guid HistoryId, string Requester, string[] Events, int Source, Guid Hospital, Guid Id, long EventCount);
}
