using MedCor.ServiceDefaults.Tenancy;
using MedCor.ServiceDefaults.Tools;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace MedCor.ServiceDefaults.Database;

/// <summary>Sweeps out what has served its time: idempotency keys, events that were told, ids of events that were handled, and what the service adds. Any number of replicas may.</summary>
internal sealed class RetentionService(IServiceScopeFactory scopes, TimeProvider clock, ILogger<RetentionService> log) : BackgroundService
{
    private const int BatchSize = 5_000;
    private static readonly TimeSpan Period = TimeSpan.FromMinutes(10);

    /// <summary>Events hold people's data, so they stay only as long as somebody may look for one that went astray.</summary>
    private static readonly TimeSpan DispatchedEventRetention = TimeSpan.FromDays(7);

    /// <summary>Longer than any broker holds a message back.</summary>
    private static readonly TimeSpan InboxRetention = TimeSpan.FromDays(60);

    protected override async Task ExecuteAsync(CancellationToken ct)
    {
        using var timer = new PeriodicTimer(Period, clock);
        while (await timer.WaitForNextTickAsync(ct))
            try
            {
                await DeleteExpiredAsync(ct);
            }
            catch (Exception e) when (!ct.IsCancellationRequested) // whatever it is: an exception that leaves here would end the process
            {
                log.LogWarning("Sweeping is put off: {Kind}", e.GetType().Name);
            }
    }

    internal async Task DeleteExpiredAsync(CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<TenantDb>();
        db.Tenancy.Enter(hospital: null);
        var now = clock.GetUtcNow();
        var (calls, told, handled) = (now - IdempotencyStore.Retention, now - DispatchedEventRetention, now - InboxRetention);

        // In batches, so that no lock is held for long.
        while (await db.Database.ExecuteSqlAsync($"DELETE FROM recorded_calls WHERE ctid IN (SELECT ctid FROM recorded_calls WHERE recorded_at < {calls} LIMIT {BatchSize})", ct) == BatchSize) { }
        while (await db.Database.ExecuteSqlAsync($"DELETE FROM outbox WHERE position IN (SELECT position FROM outbox WHERE dispatched_at < {told} LIMIT {BatchSize})", ct) == BatchSize) { }
        while (await db.Database.ExecuteSqlAsync($"DELETE FROM inbox WHERE event_id IN (SELECT event_id FROM inbox WHERE handled_at < {handled} LIMIT {BatchSize})", ct) == BatchSize) { }
        foreach (var own in scope.ServiceProvider.GetServices<IRetentionPolicy>())
            while (await own.DeleteExpiredAsync(now, BatchSize, ct) == BatchSize) { }
    }
}
