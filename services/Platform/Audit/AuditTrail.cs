using System.Text.Json;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Platform.Audit;
using MedCor.ServiceDefaults.Authentication;
using MedCor.ServiceDefaults.Telemetry;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Clinical.Audit;

/// <summary>
/// Records accesses: one row for each patient whose content a response contains, or a single row when the response contains none or the access was refused.
/// </summary>
internal sealed class AuditTrail(ClinicalDb db, AuditWriter writer, IHttpContextAccessor context, TimeProvider clock) : IAuditTrail
{
    public async Task RecordAsync(AuditedAccess access, AuditOutcome outcome, IEnumerable<IClinicalContent> content, CancellationToken ct)
    {
        var events = content.GroupBy(c => (c.HospitalId, c.PatientId))
            .Select(of => CreateContentEvent(access, outcome, of.Key.HospitalId, of.Key.PatientId, [.. of])).ToList();
        if (events.Count == 0) events.Add(await CreateEmptyEventAsync(access, outcome, ct));
        if (db.Database.CurrentTransaction is null)
        {
            await writer.WriteAsync(events, ct);
            return;
        }
        var rows = JsonSerializer.Serialize(events, Json.Options);
        await db.Database.ExecuteSqlAsync($"INSERT INTO audit_events SELECT * FROM jsonb_populate_recordset(NULL::audit_events, {rows}::jsonb)", ct);
    }

    /// <summary>
    /// Returns the hospital and patient of a record, treatment or appointment, regardless of the caller; null when no visible hospital has one with this id.
    /// </summary>
    internal static Task<Subject?> FindSubjectAsync(ClinicalDb db, Guid id, CancellationToken ct) => db.Database.SqlQuery<Subject>($"""
        SELECT hospital_id AS "HospitalId", patient_id AS "PatientId" FROM medical_records WHERE id = {id}
        UNION ALL SELECT hospital_id, patient_id FROM treatments WHERE id = {id}
        UNION ALL SELECT hospital_id, patient_id FROM appointments WHERE id = {id}
        """).FirstOrDefaultAsync(ct);

    private AuditEvent CreateContentEvent(AuditedAccess access, AuditOutcome outcome, Guid hospital, Guid patient, IClinicalContent[] content)
    {
        // A change may concern another resource than its response: rescheduling returns the appointment that replaces the requested one.
        var ids = content.Select(c => c.Id).Concat(access.ResourceId is { } requestedId ? [requestedId] : []).Distinct().ToArray();
        return CreateEvent(access, outcome, hospital) with
        {
            PatientId = patient,
            ResourceId = ids.Length == 1 ? ids[0] : null,
            ResourceIds = ids.Length == 1 ? null : ids,
            ResourceVersion = content.Length == 1 ? content[0].Version : null,
            Rows = content.Length,
        };
    }

    private async Task<AuditEvent> CreateEmptyEventAsync(AuditedAccess access, AuditOutcome outcome, CancellationToken ct)
    {
        // A refused resource may exist nevertheless; the event then names its hospital and patient.
        var subject = access.ResourceId is { } id ? await FindSubjectAsync(db, id, ct) : null;
        // A platform administrator's event belongs to the hospital of the patient that it is about.
        var hospital = db.Tenancy.HospitalId ?? subject?.HospitalId;
        if (hospital is null && access.PatientId is { } patient)
            hospital = await db.People.Where(p => p.Id == patient).Select(p => (Guid?)p.HospitalId).FirstOrDefaultAsync(ct);
        return CreateEvent(access, outcome, hospital ?? Guid.Empty) with
        {
            PatientId = subject?.PatientId ?? access.PatientId,
            ResourceId = access.ResourceId,
        };
    }

    private AuditEvent CreateEvent(AuditedAccess access, AuditOutcome outcome, Guid hospital)
    {
        var (http, caller) = (context.HttpContext!, db.Tenancy.Caller);
        var now = clock.GetUtcNow();
        return new()
        {
            HospitalId = hospital,
            Id = Guid.CreateVersion7(now),
            CreatedAt = now,
            UserId = caller.UserId,
            Role = Enum.Parse<ActingRole>(caller.Kind.ToString()),
            SessionId = caller.SessionId,
            Action = access.Action,
            Resource = access.Resource,
            Outcome = outcome,
            ClientAddress = http.ForwardedAddress(),
            PeerAddress = http.PeerAddress(),
            RequestId = http.RequestId(),
            TraceId = http.TraceId(),
            ClientId = caller.ClientId,
            Model = http.GetActingModel(),
        };
    }

    internal sealed record Subject(Guid HospitalId, Guid PatientId);
}
