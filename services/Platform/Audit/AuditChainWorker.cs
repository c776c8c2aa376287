using System.Diagnostics.Metrics;
using MedCor.Platform.Database;
using MedCor.Platform.Messaging;
using MedCor.ServiceDefaults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace MedCor.Platform.Audit;

/// <summary>
/// Links recorded accesses to their hospitals' chains, about a second after they were recorded, and passes the chains' heads to the anchors. Only one replica
/// links at a time. A batch is linked wholly or not at all, so after a crash the next replica continues where the last batch ended. The service that lists the
/// events of all receives a copy of what another service has linked, by an event that commits with the links.
/// </summary>
internal sealed class AuditChainWorker : PeriodicService
{
    private const int BatchSize = 500;

    private readonly IServiceScopeFactory _scopes;
    private readonly ServiceInfo _service;
    private readonly AuditChain _chain;
    private readonly AuditAnchors _anchors;
    private readonly Meter _meter = new("MedCor");
    private DateTimeOffset? _oldestUnlinked;

    /// <summary>
    /// The heads to which the anchors have not been moved yet; initially all heads, since an earlier process may have ended before it moved the anchors.
    /// </summary>
    private Dictionary<Guid, ChainHead>? _unanchored;

    public AuditChainWorker(IServiceScopeFactory scopes, AuditChain chain, AuditAnchors anchors, ServiceInfo service, TimeProvider clock,
        ILogger<AuditChainWorker> log)
        : base(TimeSpan.FromSeconds(1), clock, log, runsAtStart: true)
    {
        (_scopes, _chain, _anchors, _service) = (scopes, chain, anchors, service);
        _meter.CreateObservableGauge(
            "medcor.audit.unchained.age", () => (clock.GetUtcNow() - _oldestUnlinked)?.TotalSeconds ?? 0, "s",
            "Age of the oldest access that is not linked into the audit trail's chain yet.");
    }

    protected override Task RunOnceAsync(CancellationToken ct) => LinkAllAsync(ct);

    /// <summary>Links all waiting events and moves the anchors to the new heads.</summary>
    internal async Task LinkAllAsync(CancellationToken ct)
    {
        _unanchored ??= await ReadHeadsAsync(ct);
        while (await LinkBatchAsync(_unanchored, ct)) { }
        foreach (var head in _unanchored.Values.ToArray())
        {
            await using var scope = OpenScope(out var db);
            await _anchors.AdvanceAsync(head, db, ct);
            _unanchored.Remove(head.HospitalId);
        }
    }

    /// <summary>Links one batch and adds the new heads to <paramref name="heads"/>. Returns whether more events may be waiting.</summary>
    private async Task<bool> LinkBatchAsync(Dictionary<Guid, ChainHead> heads, CancellationToken ct)
    {
        await using var scope = OpenScope(out var db);
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        _oldestUnlinked = await db.UnlinkedEvents().OrderBy(w => w.Position).Select(w => (DateTimeOffset?)w.CreatedAt).FirstOrDefaultAsync(ct);
        if (_oldestUnlinked is null) return false;
        var isLocked = await db.Database.SqlQuery<bool>($"""SELECT pg_try_advisory_xact_lock(hashtext('medcor.audit')) AS "Value" """).SingleAsync(ct);
        if (!isLocked) return false;

        var waiting = await db.UnlinkedEvents().AsNoTracking().OrderBy(w => w.Position).Take(BatchSize).ToListAsync(ct);
        var recorded = await db.ReadAuditEventsAsync(waiting.ConvertAll(w => (w.HospitalId, w.EventId)), ct);
        var unlinked = waiting.FindAll(w => recorded.ContainsKey((w.HospitalId, w.EventId)));
        var events = unlinked.ConvertAll(w => recorded[(w.HospitalId, w.EventId)]);
        var newHeads = new Dictionary<Guid, ChainHead>();
        var links = new List<AuditLink>();
        foreach (var audit in events)
        {
            if (!newHeads.TryGetValue(audit.HospitalId, out var head)) head = await ReadHeadAsync(db, audit.HospitalId, ct);
            var sequence = head.Sequence + 1;
            var link =
                new AuditLink { HospitalId = audit.HospitalId, Sequence = sequence, EventId = audit.Id, Hash = _chain.ComputeHash(head.Hash, sequence, audit) };
            links.Add(link);
            newHeads[audit.HospitalId] = ChainHead.From(link);
        }
        var (hospitals, sequences) = (links.ConvertAll(l => l.HospitalId), links.ConvertAll(l => l.Sequence));
        var (ids, hashes) = (links.ConvertAll(l => l.EventId), links.ConvertAll(l => l.Hash));
        await db.Database.ExecuteSqlAsync($"""
            INSERT INTO audit_links (hospital_id, sequence, event_id, hash) SELECT * FROM unnest({hospitals}, {sequences}, {ids}, {hashes})
            """, ct);
        var positions = unlinked.ConvertAll(w => w.Position);
        await db.Database.ExecuteSqlAsync($"DELETE FROM audit_waiting WHERE position = ANY({positions})", ct);
        if (_service.Name != AuditCopies.Keeper && events.Count > 0) await AuditCopies.SendAsync(db, _service.Name, events, ct);
        if (scope.ServiceProvider.GetService<IAuditObserver>() is { } observer) await observer.OnLinkedAsync(events, ct);
        await transaction.CommitAsync(ct);
        foreach (var head in newHeads.Values) heads[head.HospitalId] = head;
        return unlinked.Count > 0;
    }

    private async Task<Dictionary<Guid, ChainHead>> ReadHeadsAsync(CancellationToken ct)
    {
        await using var scope = OpenScope(out var db);
        var heads = new Dictionary<Guid, ChainHead>();
        foreach (var hospital in await db.ReadChainedHospitalsAsync(ct))
            if (await ReadHeadAsync(db, hospital, ct) is { Sequence: > 0 } head) heads.Add(hospital, head);
        return heads;
    }

    private static async Task<ChainHead> ReadHeadAsync(TenantDb db, Guid hospital, CancellationToken ct) =>
        await db.AuditLinks().AsNoTracking().Where(l => l.HospitalId == hospital).OrderByDescending(l => l.Sequence).FirstOrDefaultAsync(ct) is { } last
            ? ChainHead.From(last)
            : new(hospital, 0, AuditChain.InitialHash);

    private AsyncServiceScope OpenScope(out TenantDb db)
    {
        var scope = _scopes.CreateAsyncScope();
        db = scope.ServiceProvider.GetRequiredService<TenantDb>();
        db.Tenancy.Enter(hospital: null);
        return scope;
    }

    public override void Dispose()
    {
        _meter.Dispose();
        base.Dispose();
    }
}
