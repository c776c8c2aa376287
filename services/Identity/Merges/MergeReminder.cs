using MedCor.Contracts.Identity;
using MedCor.ServiceDefaults;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Merges;

/// <summary>
/// Publishes the event of a merge again whose services have not all reported within a minute, such as after a message went to the error queue or a database was
/// restored. A service that has moved its rows already only reports again.
/// </summary>
internal sealed class MergeReminder(IServiceScopeFactory scopes, TimeProvider clock, ILogger<MergeReminder> log)
    : PeriodicService(TimeSpan.FromSeconds(30), clock, log)
{
    /// <summary>The time after which the services of a merge are told again.</summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private const int BatchSize = 100;

    private readonly TimeProvider _clock = clock;

    protected override Task RunOnceAsync(CancellationToken ct) => RemindAsync(ct);

    /// <summary>Publishes the events of the merges that have been waiting for longest.</summary>
    internal async Task RemindAsync(CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<IdentityDb>();
        db.Tenancy.Enter(hospital: null);
        var latest = _clock.GetUtcNow() - Patience;
        var late = await db.Merges.AsNoTracking()
            .Where(m => (m.Status == PatientMergeStatus.Merging || m.Status == PatientMergeStatus.Unmerging) && m.UpdatedAt < latest)
            .OrderBy(m => m.UpdatedAt).Take(BatchSize).ToListAsync(ct);
        if (late.Count == 0) return;
        foreach (var merge in late) db.Raise(merge.ToEvent);
        await db.SaveChangesAsync(ct);
    }
}
