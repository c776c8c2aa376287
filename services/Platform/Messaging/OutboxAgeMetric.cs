using System.Diagnostics.Metrics;
using MedCor.ServiceDefaults;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace MedCor.Platform.Messaging;

/// <summary>
/// Measures how long the oldest event has been waiting to be published. Runs beside the dispatcher, so that a dispatcher that hangs is noticed too.
/// </summary>
internal sealed class OutboxAgeMetric : PeriodicService
{
    private readonly NpgsqlDataSource _database;
    private readonly Meter _meter = new("MedCor");
    private DateTimeOffset? _oldest;

    public OutboxAgeMetric(NpgsqlDataSource database, TimeProvider clock, ILogger<OutboxAgeMetric> log) : base(TimeSpan.FromSeconds(2), clock, log)
    {
        _database = database;
        _meter.CreateObservableGauge("medcor.outbox.age", () => (clock.GetUtcNow() - _oldest)?.TotalSeconds ?? 0, "s",
            "How long the oldest event has been waiting in the outbox to be published.");
    }

    protected override async Task RunOnceAsync(CancellationToken ct) => _oldest = await OldestAsync(ct);

    private async Task<DateTimeOffset?> OldestAsync(CancellationToken ct)
    {
        await using var batch = _database.CreateBatch();
        batch.BatchCommands.Add(new("SELECT set_config('medcor.hospital', '*', true)"));
        // One query for each of the indexes on pending events.
        batch.BatchCommands.Add(new("""
            SELECT min(occurred_at) FROM (
                (SELECT occurred_at FROM outbox WHERE dispatched_at IS NULL AND addressee IS NULL ORDER BY position LIMIT 1)
                UNION ALL (SELECT occurred_at FROM outbox WHERE dispatched_at IS NULL AND addressee IS NOT NULL ORDER BY position LIMIT 1)) AS waiting
            """));
        await using var reader = await batch.ExecuteReaderAsync(ct);
        await reader.NextResultAsync(ct);
        await reader.ReadAsync(ct);
        return reader.IsDBNull(0) ? null : reader.GetFieldValue<DateTimeOffset>(0);
    }

    public override void Dispose()
    {
        _meter.Dispose();
        base.Dispose();
    }
}
