using MedCor.ServiceDefaults;
using MedCor.ServiceDefaults.Authentication;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace MedCor.Identity.Revocations;

/// <summary>
/// Publishes the revocations in the database to Redis: a committed one within a second, and again whenever Redis turns
/// out not to have it, because Redis was unavailable or restarted empty.
/// </summary>
internal sealed class RevocationPublisher(
    IServiceScopeFactory scopes, RevocationList revocations, IOptions<TokenOptions> tokens, TimeProvider clock, ILogger<RevocationPublisher> log)
    : PeriodicService(TimeSpan.FromSeconds(1), clock, log)
{
    private readonly TimeProvider _clock = clock;

    protected override async Task RunOnceAsync(CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<IdentityDb>();
        db.Tenancy.Enter(hospital: null);
        await PublishAsync(db, ct);
    }

    private async Task PublishAsync(IdentityDb db, CancellationToken ct)
    {
        var lifetime = TokenValidator.RevocationRetention(TimeSpan.FromSeconds(tokens.Value.MaxLifetimeSeconds));
        var since = _clock.GetUtcNow() - lifetime;
        var recent = await db.Revocations.AsNoTracking().Where(r => r.RevokedAt > since).ToListAsync(ct);
        var unknown = recent.GroupBy(r => r.RevokedId, r => r.RevokedAt).ToDictionary(g => g.Key, g => g.Max());
        foreach (var (id, at) in unknown)
            if (revocations.Contains(id, at)) unknown.Remove(id);
        if (unknown.Count > 0) await revocations.RevokeAsync(unknown, lifetime);
    }
}
