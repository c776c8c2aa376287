using System.Diagnostics.Metrics;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Clinical.Audit;

/// <summary>
/// Links recorded accesses to their hospitals' chains, a second or so behind, and hands the chains' heads to the anchors. Of any number of replicas one draws at a time;
/// a batch is linked wholly or not at all, so after a crash the next one goes on where it ended.
/// </summary>
internal sealed class DrawChain(IServiceScopeFactory scopes, AuditChain chain, AuditAnchors anchors, TimeProvider clock, ILogger<DrawChain> log) : BackgroundService
{
    private const int Batch = 500;
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    private readonly Meter meter = new("MedCor");
    private DateTimeOffset? oldestWaiting;

    /// <summary>Heads that the anchors have not been moved to yet: at first all of them, since a process that ended may not have come to it.</summary>
    private Dictionary<Guid, ChainHead>? unanchored;

    protected override async Task ExecuteAsync(CancellationToken ct)
    {
        meter.CreateObservableGauge(
            "medcor.audit.unchained.age", () => (clock.GetUtcNow() - oldestWaiting)?.TotalSeconds ?? 0, "s",
            "How long the oldest access has been waiting for its place in the audit trail's chain.");
        using var timer = new PeriodicTimer(Period, clock);
        do
        {
            try
            {
                await DrawAll(ct);
            }
            catch (Exception e) when (!ct.IsCancellationRequested) // whatever it is: an exception that leaves here would end the process
            {
                log.LogWarning("The audit trail's chain is not drawn on at present: {Kind}", e.GetBaseException().GetType().Name);
            }
        } while (await timer.WaitForNextTickAsync(ct));
    }

    /// <summary>Links all that waits, and anchors what was linked.</summary>
    internal async Task DrawAll(CancellationToken ct)
    {
        unanchored ??= await Heads(ct);
        while (await Draw(unanchored, ct)) { }
        foreach (var head in unanchored.Values.ToArray())
        {
            await using var scope = Open(out var db);
            await anchors.Advance(head, db, ct);
            unanchored.Remove(head.HospitalId);
        }
    }

    /// <summary>Links one batch and notes the heads that it made; tells whether more may wait.</summary>
    private async Task<bool> Draw(Dictionary<Guid, ChainHead> heads, CancellationToken ct)
    {
        await using var scope = Open(out var db);
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        oldestWaiting = await db.WaitingEvents.OrderBy(w => w.Position).Select(w => (DateTimeOffset?)w.CreatedAt).FirstOrDefaultAsync(ct);
        if (oldestWaiting is null) return false;
        var isTurn = await db.Database.SqlQuery<bool>($"""SELECT pg_try_advisory_xact_lock(hashtext('medcor.audit')) AS "Value" """).SingleAsync(ct);
        if (!isTurn) return false;

        var waiting = await db.WaitingEvents.OrderBy(w => w.Position).Take(Batch)
            .Join(db.AuditEvents, w => new { w.HospitalId, Id = w.EventId }, e => new { e.HospitalId, e.Id }, (w, e) => new { w.Position, Event = e })
            .OrderBy(w => w.Position).AsNoTracking().ToListAsync(ct);
        var drawn = new Dictionary<Guid, ChainHead>();
        foreach (var audit in waiting.Select(w => w.Event))
        {
            if (!drawn.TryGetValue(audit.HospitalId, out var head)) head = await Head(db, audit.HospitalId, ct);
            var sequence = head.Sequence + 1;
            var link = new AuditLink { HospitalId = audit.HospitalId, Sequence = sequence, EventId = audit.Id, Hash = chain.Hash(head.Hash, sequence, audit) };
            db.Add(link);
            drawn[audit.HospitalId] = ChainHead.Of(link);
        }
        await db.SaveChangesAsync(ct);
        var positions = waiting.Select(w => w.Position).ToArray();
        await db.WaitingEvents.Where(w => positions.Contains(w.Position)).ExecuteDeleteAsync(ct);
        await transaction.CommitAsync(ct);
        foreach (var head in drawn.Values) heads[head.HospitalId] = head;
        return waiting.Count > 0;
    }

    private async Task<Dictionary<Guid, ChainHead>> Heads(CancellationToken ct)
    {
        await using var scope = Open(out var db);
        var heads = new Dictionary<Guid, ChainHead>();
        foreach (var hospital in (await db.Hospitals.Select(h => h.HospitalId).ToListAsync(ct)).Append(Guid.Empty))
            if (await Head(db, hospital, ct) is { Sequence: > 0 } head) heads.Add(hospital, head);
        return heads;
    }

    private static async Task<ChainHead> Head(ClinicalDb db, Guid hospital, CancellationToken ct) =>
        await db.AuditLinks.AsNoTracking().Where(l => l.HospitalId == hospital).OrderByDescending(l => l.Sequence).FirstOrDefaultAsync(ct) is { } last
            ? ChainHead.Of(last)
            : new(hospital, 0, AuditChain.Beginning);

    private AsyncServiceScope Open(out ClinicalDb db)
    {
        var scope = scopes.CreateAsyncScope();
        db = scope.ServiceProvider.GetRequiredService<ClinicalDb>();
        db.Tenancy.Enter(hospital: null);
        return scope;
    }

    public override void Dispose()
    {
        meter.Dispose();
        base.Dispose();
    }
}
