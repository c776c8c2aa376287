using System.ComponentModel.DataAnnotations;
using MedCor.Platform.Database;
using MedCor.ServiceDefaults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace MedCor.Platform.Audit;

/// <summary>Configures for how long the audit trail is kept. Section <c>Audit</c>.</summary>
internal sealed class AuditRetentionOptions
{
    /// <summary>The shortest time, in years: what 45 CFR 164.316(b)(2) asks for records of this kind. The database enforces it too.</summary>
    public const int MinYears = 6;

    /// <summary>Gets or sets for how many years an event is kept after the end of its month.</summary>
    [Range(MinYears, 100)]
    public int RetentionYears { get; set; } = 10;
}

/// <summary>
/// Adds the partitions of coming months to the audit trail, and drops those of months whose retention is over. Any number of replicas may run it; the database
/// decides what there is to do.
/// </summary>
internal sealed class AuditPartitions(IServiceScopeFactory scopes, IOptions<AuditRetentionOptions> options, TimeProvider clock, ILogger<AuditPartitions> log)
    : PeriodicService(TimeSpan.FromHours(1), clock, log, runsAtStart: true)
{
    protected override async Task RunOnceAsync(CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<TenantDb>();
        db.Tenancy.Enter(hospital: null);
        await db.Database.ExecuteSqlAsync($"SELECT keep_audit_partitions({options.Value.RetentionYears})", ct);
    }
}
