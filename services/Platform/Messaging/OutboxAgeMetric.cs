using System.Diagnostics.Metrics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace MedCor.Platform.Messaging;

/// <summary>
/// Measures <c>medcor.outbox.age</c>: for how many seconds the oldest event has been waiting to be told; 0 when none waits. Beside the dispatcher, so that one that hangs is seen too.
/// </summary>
internal sealed class OutboxAgeMetric(NpgsqlDataSource database, TimeProvider clock, ILogger<OutboxAgeMetric> log) : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(2);

    private readonly Meter _meter = new("MedCor");
    private DateTimeOffset? _oldest;

    protected override async Task ExecuteAsync(CancellationToken ct)
    {
        _meter.CreateObservableGauge("medcor.outbox.age", () => (clock.GetUtcNow() - _oldest)?.TotalSeconds ?? 0, "s", "How long the oldest event has been waiting in the outbox to be told.");
        using var timer = new PeriodicTimer(Period, clock);
        while (await timer.WaitForNextTickAsync(ct))
            try
            {
                _oldest = await OldestAsync(ct);
            }
            catch (Exception e) when (!ct.IsCancellationRequested) // whatever it is: an exception that leaves here would end the process
            {
                log.LogWarning("The outbox is not looked into at present: {Kind}", e.GetType().Name);
            }
    }

    private async Task<DateTimeOffset?> OldestAsync(CancellationToken ct)
    {
        await using var batch = database.CreateBatch();
        batch.BatchCommands.Add(new("SELECT set_config('medcor.hospital', '*', true)"));
        // One for each of the indexes of what waits.
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
