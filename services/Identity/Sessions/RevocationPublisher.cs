using MedCor.ServiceDefaults.Authentication;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace MedCor.Identity.Sessions;

/// <summary>
/// Keeps the list of revocations in Redis as it stands in the database: what was committed is told within a second, and told again whenever
/// Redis turns out not to know it, be it that it was away or that it came back empty. Also sweeps out what has ended.
/// </summary>
internal sealed class RevocationPublisher(
    IServiceScopeFactory scopes, RevocationList revocations, IOptions<SessionOptions> options, TimeProvider clock, ILogger<RevocationPublisher> log) : BackgroundService
{
    private const int MaxFailedLogInsKept = 100_000;
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan CleanupPeriod = TimeSpan.FromMinutes(10);

    protected override async Task ExecuteAsync(CancellationToken ct)
    {
        using var timer = new PeriodicTimer(Period, clock);
        var sweepAt = clock.GetUtcNow() + CleanupPeriod;
        while (await timer.WaitForNextTickAsync(ct))
        {
            try
            {
                await using var scope = scopes.CreateAsyncScope();
                var db = scope.ServiceProvider.GetRequiredService<IdentityDb>();
                db.Tenancy.Enter(hospital: null);
                await PublishAsync(db, ct);
                if (clock.GetUtcNow() < sweepAt) continue;
                await DeleteExpiredAsync(db, ct);
                sweepAt = clock.GetUtcNow() + CleanupPeriod;
            }
            catch (Exception e) when (!ct.IsCancellationRequested) // whatever it is: an exception that leaves here would end the process
            {
                log.LogWarning("Revocations could not be announced and will be: {Kind}", e.GetBaseException().GetType().Name);
            }
        }
    }

    private async Task PublishAsync(IdentityDb db, CancellationToken ct)
    {
        var lifetime = TokenValidator.RevocationRetention(options.Value.AccessTokenLifetime);
        var since = clock.GetUtcNow() - lifetime;
        var recent = await db.Revocations.AsNoTracking().Where(r => r.RevokedAt > since).ToListAsync(ct);
        var unknown = recent.GroupBy(r => r.RevokedId, r => r.RevokedAt).ToDictionary(g => g.Key, g => g.Max());
        foreach (var (id, at) in unknown)
            if (revocations.Contains(id, at)) unknown.Remove(id);
        if (unknown.Count > 0) await revocations.RevokeAsync(unknown, lifetime);
    }

    private async Task DeleteExpiredAsync(IdentityDb db, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var forgotten = now - TokenValidator.RevocationRetention(TimeSpan.FromSeconds(TokenOptions.MaxConfigurableSeconds));
        await db.Revocations.Where(r => r.RevokedAt < forgotten).ExecuteDeleteAsync(ct);
        await db.Sessions.Where(s => s.EndsAt < now).ExecuteDeleteAsync(ct);
        // Forgotten in time; and however many addresses somebody tries, only the latest are remembered.
        var oldest = await db.FailedLogIns.OrderByDescending(f => f.LastAt).Skip(MaxFailedLogInsKept).Select(f => (DateTimeOffset?)f.LastAt).FirstOrDefaultAsync(ct) ?? DateTimeOffset.MinValue;
        await db.FailedLogIns.Where(f => f.LastAt < now - LockOut.ForgetAfter || f.LastAt <= oldest).ExecuteDeleteAsync(ct);
    }
}
