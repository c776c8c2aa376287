using MedCor.Contracts;
using MedCor.Platform.Messaging;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Analytics.Replay;

/// <summary>Records how many events each owning service has replayed.</summary>
internal sealed class ReplayProgressProjection(AnalyticsDb db) : IEventHandler<HistoryTold>
{
    public Task HandleAsync(HistoryTold told, CancellationToken ct) =>
        db.Database.ExecuteSqlAsync($"INSERT INTO histories (history_id, service, events) VALUES ({told.HistoryId}, {told.Service}, {told.Events}) ON CONFLICT DO NOTHING", ct);
}
