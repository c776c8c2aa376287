using MedCor.ServiceDefaults;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace MedCor.Platform.Retention;

/// <summary>Deletes expired rows with every <see cref="IRetentionPolicy"/>, every ten minutes. Any number of replicas may run it.</summary>
internal sealed class RetentionService(IServiceScopeFactory scopes, TimeProvider clock, ILogger<RetentionService> log)
    : PeriodicService(TimeSpan.FromMinutes(10), clock, log)
{
    private const int BatchSize = 5_000;

    private readonly TimeProvider _clock = clock;

    protected override Task RunOnceAsync(CancellationToken ct) => DeleteExpiredAsync(ct);

    internal async Task DeleteExpiredAsync(CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<MedCor.Platform.Tenancy.TenantContext>().Enter(hospital: null);
        var now = _clock.GetUtcNow();
        // In batches, so that no lock is held for long. With fewer rows than a batch, no table can have any left.
        foreach (var policy in scope.ServiceProvider.GetServices<IRetentionPolicy>())
            while (await policy.DeleteExpiredAsync(now, BatchSize, ct) >= BatchSize) { }
    }
}
