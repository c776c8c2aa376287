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
internal sealed partial class AuditChainWorker : PeriodicService
{
    private const int BatchSize = 500;

    private readonly IServiceScopeFactory _scopes;
    private readonly ServiceInfo _service;
    private readonly AuditChain _chain;
    private readonly AuditAnchors _anchors;
    private readonly ILogger _log;
    private readonly Meter _meter = new("MedCor");
    private DateTimeOffset? _oldestUnlinked;
    private string? _unknownKey;

    /// <summary>
    /// The heads to which the anchors have not been moved yet; initially all heads, since an earlier process may have ended before it moved the anchors.
    /// </summary>
    private Dictionary<Guid, ChainHead>? _unanchored;

    public AuditChainWorker(IServiceScopeFactory scopes, AuditChain chain, AuditAnchors anchors, ServiceInfo service, TimeProvider clock,
        ILogger<AuditChainWorker> log)
        : base(TimeSpan.FromSeconds(1), clock, log, runsAtStart: true)
    {
        (_scopes, _chain, _anchors, _service, _log) = (scopes, chain, anchors, service, log);
        _meter.CreateObservableGauge(
            "medcor.audit.unchained.age", () => (clock.GetUtcNow() - _oldestUnlinked)?.TotalSeconds ?? 0, "s",
            "Age of the oldest access that is not linked into the audit trail's chain yet.");
    }

    protected override Task RunOnceAsync(CancellationToken ct) => LinkAllAsync(ct);

    /// <summary>Links all waiting events and moves the anchors to the new heads.</summary>
    internal async Task LinkAllAsync(CancellationToken ct)
    {
        _unanchored ??= await ReadHeadsAsync(ct);
        for (long? after = 0; after is { } position;) after = await LinkBatchAsync(_unanchored, position, ct);
        foreach (var head in _unanchored.Values.ToArray())
        {
            await using var scope = OpenScope(out var db);
            await _anchors.AdvanceAsync(head, db, ct);
            _unanchored.Remove(head.HospitalId);
        }
    }

    /// <summary>
    /// Links one batch of the events that wait behind a position and adds the new heads to <paramref name="heads"/>. Returns the position behind which more may
    /// be waiting; null when none are. What cannot be linked delays nothing else.
    /// </summary>
    private async Task<long?> LinkBatchAsync(Dictionary<Guid, ChainHead> heads, long after, CancellationToken ct)
    {
        await using var scope = OpenScope(out var db);
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        _oldestUnlinked = await db.UnlinkedEvents().OrderBy(w => w.Position).Select(w => (DateTimeOffset?)w.CreatedAt).FirstOrDefaultAsync(ct);
        if (_oldestUnlinked is null) return null;
        var isLocked = await db.Database.SqlQuery<bool>($"""SELECT pg_try_advisory_xact_lock(hashtext('medcor.audit')) AS "Value" """).SingleAsync(ct);
        if (!isLocked) return null;

        var waiting = await db.UnlinkedEvents().AsNoTracking().Where(w => w.Position > after).OrderBy(w => w.Position).Take(BatchSize).ToListAsync(ct);
        if (waiting.Count == 0) return null;
        var recorded = await db.ReadAuditEventsAsync(waiting.ConvertAll(w => (w.HospitalId, w.EventId)), ct);
        var unlinked = waiting.FindAll(w => recorded.ContainsKey((w.HospitalId, w.EventId)));
        var newHeads = new Dictionary<Guid, ChainHead>();
        foreach (var hospital in unlinked.Select(w => w.HospitalId).Distinct())
        {
            var last = await ReadLastLinkAsync(db, hospital, ct);
            if (_chain.Knows(last?.KeyId)) newHeads.Add(hospital, last is null ? new(hospital, 0, AuditChain.InitialHash) : ChainHead.From(last));
            // While the secret is being replaced, a replica that has the new one has taken over. One that does not know it yet must not follow.
            else if (_unknownKey != last!.KeyId) LogUnknownKey(_log, hospital, _unknownKey = last.KeyId);
        }
        unlinked.RemoveAll(w => !newHeads.ContainsKey(w.HospitalId));
        if (unlinked.Count == 0) return waiting[^1].Position;

        var events = unlinked.ConvertAll(w => recorded[(w.HospitalId, w.EventId)]);
        var links = new List<AuditLink>();
        foreach (var audit in events)
        {
            var head = newHeads[audit.HospitalId];
            var sequence = head.Sequence + 1;
            var link = new AuditLink
            {
                HospitalId = audit.HospitalId,
                Sequence = sequence,
                EventId = audit.Id,
                Hash = _chain.ComputeHash(head.Hash, sequence, audit),
                KeyId = _chain.KeyId,
                IdHash = _chain.ComputeIdHash(audit.HospitalId, sequence, audit.Id),
            };
            links.Add(link);
            newHeads[audit.HospitalId] = ChainHead.From(link);
        }
        var (hospitals, sequences) = (links.ConvertAll(l => l.HospitalId), links.ConvertAll(l => l.Sequence));
        var (ids, hashes, idHashes) = (links.ConvertAll(l => l.EventId), links.ConvertAll(l => l.Hash), links.ConvertAll(l => l.IdHash!));
        await db.Database.ExecuteSqlAsync($"""
            INSERT INTO audit_links (hospital_id, sequence, event_id, hash, id_hash, key_id)
            SELECT made.*, {_chain.KeyId} FROM unnest({hospitals}, {sequences}, {ids}, {hashes}, {idHashes}) AS made
            """, ct);
        var positions = unlinked.ConvertAll(w => w.Position);
        await db.Database.ExecuteSqlAsync($"DELETE FROM audit_waiting WHERE position = ANY({positions})", ct);
        if (_service.Name != AuditCopies.Keeper) await AuditCopies.SendAsync(db, _service.Name, events, ct);
        if (scope.ServiceProvider.GetService<IAuditObserver>() is { } observer) await observer.OnLinkedAsync(events, ct);
        await transaction.CommitAsync(ct);
        foreach (var head in newHeads.Values) heads[head.HospitalId] = head;
        return waiting[^1].Position;
    }

    private async Task<Dictionary<Guid, ChainHead>> ReadHeadsAsync(CancellationToken ct)
    {
        await using var scope = OpenScope(out var db);
        return await ReadHeadsAsync(db, ct);
    }

    /// <summary>Returns the heads of all chains that have a link.</summary>
    internal static async Task<Dictionary<Guid, ChainHead>> ReadHeadsAsync(TenantDb db, CancellationToken ct)
    {
        var heads = new Dictionary<Guid, ChainHead>();
        foreach (var hospital in await db.ReadChainedHospitalsAsync(ct))
            if (await ReadLastLinkAsync(db, hospital, ct) is { } last) heads.Add(hospital, ChainHead.From(last));
        return heads;
    }

    private static Task<AuditLink?> ReadLastLinkAsync(TenantDb db, Guid hospital, CancellationToken ct) =>
        db.AuditLinks().AsNoTracking().Where(l => l.HospitalId == hospital).OrderByDescending(l => l.Sequence).FirstOrDefaultAsync(ct);

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

    [LoggerMessage(2003, LogLevel.Warning,
        "The chain of {Hospital} continues with the key {KeyId}, which is not configured in this process; it links no event of that chain")]
    private static partial void LogUnknownKey(ILogger log, Guid hospital, string? keyId);
}
