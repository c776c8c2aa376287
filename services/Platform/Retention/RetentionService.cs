using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace MedCor.Platform.Retention;

/// <summary>Deletes expired rows by every <see cref="IRetentionPolicy"/>, every ten minutes. Any number of replicas may run it.</summary>
internal sealed class RetentionService(IServiceScopeFactory scopes, TimeProvider clock, ILogger<RetentionService> log) : BackgroundService
{
    private const int BatchSize = 5_000;
    private static readonly TimeSpan Period = TimeSpan.FromMinutes(10);

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
                log.LogWarning("Deleting expired rows failed and is retried in {Period}: {Kind}", Period, e.GetType().Name);
            }
    }

    internal async Task DeleteExpiredAsync(CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<MedCor.Platform.Tenancy.TenantContext>().Enter(hospital: null);
        var now = clock.GetUtcNow();
        // In batches, so that no lock is held for long.
        foreach (var policy in scope.ServiceProvider.GetServices<IRetentionPolicy>())
            while (await policy.DeleteExpiredAsync(now, BatchSize, ct) == BatchSize) { }
    }
}
