using System.ComponentModel.DataAnnotations;
using System.Diagnostics.Metrics;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Platform.Audit;
using MedCor.Platform.Retention;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using AuditEvent = MedCor.Platform.Audit.AuditEvent;

namespace MedCor.Clinical.Audit;

/// <summary>Configures when audit events are conspicuous. Section <c>Clinical</c>.</summary>
internal sealed class AuditAlertOptions
{
    /// <summary>Gets or sets how many times an hour somebody may read the data of patients other than themselves; each patient of a list counts.</summary>
    [Range(1, 1_000_000)]
    public int BulkReadsPerHour { get; set; } = 2_000;

    /// <summary>Gets or sets how many attempts of somebody, or at one account, may be refused in an hour.</summary>
    [Range(1, 1_000_000)]
    public int FailuresPerHour { get; set; } = 30;
}

/// <summary>
/// Counts events of all services by hour as they are linked, in the same transaction and so each once, however many replicas there are. When a count reaches
/// its limit, an event informs the administrators who listen, and the metric <c>medcor.audit.alerts</c> grows.
/// </summary>
internal sealed class AuditAlerts(ClinicalDb db, IOptions<AuditAlertOptions> options) : IAuditObserver, IRetentionPolicy
{
    private static readonly TimeSpan Retention = TimeSpan.FromDays(2);

    private static readonly Counter<long> Alerts = new Meter("MedCor").CreateCounter<long>(
        "medcor.audit.alerts", description: "Conspicuous events in the audit trail, by rule.");

    /// <inheritdoc/>
    public async Task OnLinkedAsync(IReadOnlyList<AuditEvent> events, CancellationToken ct)
    {
        // Prometheus sees no increase of what it has never seen.
        foreach (var rule in EnumNames.All(typeof(AuditAlertRule))) Alerts.Add(0, new KeyValuePair<string, object?>("rule", rule));
        var added = new Dictionary<Watched, long>();
        foreach (var e in events)
            if (Describe(e) is { } key) added[key] = added.GetValueOrDefault(key) + 1;
        if (added.Count == 0) return;
        var watched = added.Keys.ToList();
        var (hospitals, rules) = (watched.ConvertAll(w => w.HospitalId), watched.ConvertAll(w => EnumNames.Of(w.Rule)));
        var (subjects, hours, counts) = (watched.ConvertAll(w => w.SubjectId), watched.ConvertAll(w => w.Hour), watched.ConvertAll(w => added[w]));
        var totals = await db.Database.SqlQuery<Total>($"""
            INSERT INTO audit_watch AS known (hospital_id, rule, subject_id, hour, count)
            SELECT * FROM unnest({hospitals}, {rules}, {subjects}, {hours}, {counts})
            ON CONFLICT (hospital_id, rule, subject_id, hour) DO UPDATE SET count = known.count + excluded.count
            RETURNING hospital_id AS "HospitalId", rule AS "Rule", subject_id AS "SubjectId", hour AS "Hour", count AS "Count"
            """).ToListAsync(ct);
        foreach (var total in totals)
        {
            var key = new Watched(total.HospitalId, EnumNames.Parse<AuditAlertRule>(total.Rule), total.SubjectId, total.Hour);
            var limit = GetLimit(key.Rule);
            if (total.Count < limit || total.Count - added[key] >= limit) continue;
            Alerts.Add(1, new KeyValuePair<string, object?>("rule", total.Rule));
            var hospital = key.HospitalId == Guid.Empty ? (Guid?)null : key.HospitalId;
            db.Raise(() => new AuditAlertRaised(new(Guid.CreateVersion7(), hospital, key.Rule, key.SubjectId, total.Count, key.Hour)));
        }
        await db.SaveChangesAsync(ct);
    }

    /// <inheritdoc/>
    public Task<int> DeleteExpiredAsync(DateTimeOffset now, int maxCount, CancellationToken ct) => db.Database.ExecuteSqlAsync(
        $"DELETE FROM audit_watch WHERE ctid IN (SELECT ctid FROM audit_watch WHERE hour < {now - Retention} LIMIT {maxCount})", ct);

    private int GetLimit(AuditAlertRule rule) => rule switch
    {
        AuditAlertRule.BulkRead => options.Value.BulkReadsPerHour,
        AuditAlertRule.RepeatedFailures => options.Value.FailuresPerHour,
        _ => 1,
    };

    /// <summary>Returns what an event is counted as; null when it is not conspicuous however often it occurs.</summary>
    private static Watched? Describe(AuditEvent e)
    {
        var hour = new DateTimeOffset(e.CreatedAt.UtcTicks / TimeSpan.TicksPerHour * TimeSpan.TicksPerHour, TimeSpan.Zero);
        // A stranger's failures are counted at the account that they have named.
        var subject = e.UserId == Guid.Empty ? e.ResourceId : e.UserId;
        return e switch
        {
            { Action: "reuse_token" } when subject is { } user => new(e.HospitalId, AuditAlertRule.TokenReuse, user, hour),
            { Outcome: AuditOutcome.Forbidden or AuditOutcome.Missing } when subject is { } user =>
                new(e.HospitalId, AuditAlertRule.RepeatedFailures, user, hour),
            // An export shows all that the access policy hides, whoever is in charge of the patient.
            { Action: "export_user" or "export_hospital", Outcome: AuditOutcome.Done } when e.PatientId != e.UserId =>
                new(e.HospitalId, AuditAlertRule.Export, e.UserId, hour),
            { Outcome: AuditOutcome.Done, Kind: null or AuditKind.Clinical or AuditKind.Demographic, PatientId: { } patient } when patient != e.UserId =>
                new(e.HospitalId, AuditAlertRule.BulkRead, e.UserId, hour),
            _ => null,
        };
    }

    private sealed record Watched(Guid HospitalId, AuditAlertRule Rule, Guid SubjectId, DateTimeOffset Hour);

    private sealed record Total(Guid HospitalId, string Rule, Guid SubjectId, DateTimeOffset Hour, long Count);
}
