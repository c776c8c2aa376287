using MedCor.Contracts;
using MedCor.Platform.Messaging;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Analytics.Replay;

/// <summary>Records how many events each owning service has replayed.</summary>
internal sealed class ReplayProgressProjection(AnalyticsDb db) : IEventHandler<HistoryTold>
{
    public Task HandleAsync(HistoryTold integrationEvent, CancellationToken ct) =>
        db.Database.ExecuteSqlAsync($"""
            INSERT INTO histories (history_id, service, events)
            VALUES ({integrationEvent.HistoryId}, {integrationEvent.Service}, {integrationEvent.Events})
            ON CONFLICT DO NOTHING
            """, ct);
}
