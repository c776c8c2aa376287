using System.Diagnostics.Metrics;
using MedCor.Platform.Database;
using MedCor.ServiceDefaults;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace MedCor.Platform.Audit;

/// <summary>Stores the heads of all chains in the archive, where one is configured: each hour once, by whichever replica comes first.</summary>
internal sealed class AuditHeadPublisher : PeriodicService
{
    /// <summary>The time after which an hour that was not stored is tried again.</summary>
    private static readonly TimeSpan RetryPeriod = TimeSpan.FromMinutes(10);

    private readonly IServiceScopeFactory _scopes;
    private readonly AuditHeadArchive _archive;
    private readonly TimeProvider _clock;
    private readonly Meter _meter = new("MedCor");
    private DateTimeOffset _lastStored;

    public AuditHeadPublisher(IServiceScopeFactory scopes, AuditHeadArchive archive, TimeProvider clock, ILogger<AuditHeadPublisher> log)
        : base(RetryPeriod, clock, log, runsAtStart: true)
    {
        (_scopes, _archive, _clock, _lastStored) = (scopes, archive, clock, clock.GetUtcNow());
        _meter.CreateObservableGauge(
            "medcor.audit.unarchived.age", () => archive.IsConfigured ? (clock.GetUtcNow() - _lastStored).TotalSeconds : 0, "s",
            "Time since the heads of the audit trail's chains were stored in the archive; 0 where no archive is configured.");
    }

    protected override Task RunOnceAsync(CancellationToken ct) => StoreAsync(ct);

    /// <summary>Stores the heads of all chains.</summary>
    internal async Task StoreAsync(CancellationToken ct)
    {
        if (!_archive.IsConfigured) return;
        await using var scope = _scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<TenantDb>();
        db.Tenancy.Enter(hospital: null);
        var heads = await AuditChainWorker.ReadHeadsAsync(db, ct);
        if (heads.Count > 0) await _archive.StoreAsync(heads.Values.Select(head => head.ToString()), ct);
        _lastStored = _clock.GetUtcNow();
    }

    public override void Dispose()
    {
        _meter.Dispose();
        base.Dispose();
    }
}
