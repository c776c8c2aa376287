using MedCor.Contracts.Identity;
using MedCor.ServiceDefaults;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Merges;

/// <summary>
/// Publishes the event of a merge again whose services have not all reported within a minute, such as after a message went to the error queue or a database was
/// restored. Each further pause is twice as long, up to an hour, and only one replica publishes. A service that has moved its rows already only reports again.
/// </summary>
internal sealed class MergeReminder(IServiceScopeFactory scopes, TimeProvider clock, ILogger<MergeReminder> log)
    : PeriodicService(TimeSpan.FromSeconds(30), clock, log)
{
    /// <summary>The time after which the services of a merge are told again.</summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan LongestPause = TimeSpan.FromHours(1);

    private const int BatchSize = 100;

    private readonly TimeProvider _clock = clock;

    protected override Task RunOnceAsync(CancellationToken ct) => RemindAsync(ct);

    /// <summary>Publishes the events of the merges whose services are to be told again, those first that have waited for longest.</summary>
    internal async Task RemindAsync(CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<IdentityDb>();
        db.Tenancy.Enter(hospital: null);
        var now = _clock.GetUtcNow();
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        var late = await db.Database.SqlQuery<Guid>($"""
            UPDATE patient_merges SET reminded_at = {now} WHERE id IN (
                SELECT id FROM patient_merges
                WHERE status IN ('MERGING', 'UNMERGING') AND updated_at < {now - Patience}
                    AND (reminded_at IS NULL OR reminded_at <= updated_at OR reminded_at < {now - LongestPause}
                        OR {now} - updated_at >= 2 * (reminded_at - updated_at))
                ORDER BY coalesce(reminded_at, updated_at) LIMIT {BatchSize} FOR UPDATE SKIP LOCKED)
            RETURNING id AS "Value"
            """).ToListAsync(ct);
        if (late.Count == 0) return;
        foreach (var merge in await db.Merges.AsNoTracking().Where(m => late.Contains(m.Id)).ToListAsync(ct)) db.Raise(merge.ToEvent);
        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
    }
}
