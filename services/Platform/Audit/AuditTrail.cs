using System.Text.Json;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Platform.Database;
using MedCor.ServiceDefaults.Authentication;
using MedCor.ServiceDefaults.Telemetry;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Platform.Audit;

/// <summary>
/// Records accesses: one row for each patient whose data a response contains and one for all other data, or a single row when the response contains none or the
/// access was refused.
/// </summary>
internal sealed class AuditTrail(
    TenantDb db, AuditWriter writer, AuditWriteCheck check, IHttpContextAccessor context, TimeProvider clock, IAuditSubjects? subjects = null) : IAuditTrail
{
    public async Task RecordAsync(AuditedAccess access, AuditOutcome outcome, IEnumerable<AuditedEntity> content, CancellationToken ct)
    {
        var own = db.Tenancy.Caller.HospitalId ?? Guid.Empty;
        var events = content.GroupBy(c => (HospitalId: c.HospitalId ?? own, PatientId: c.PatientId ?? access.PatientId))
            .Select(of => CreateContentEvent(access, outcome, of.Key.HospitalId, of.Key.PatientId, [.. of])).ToList();
        if (events.Count == 0) events.Add(await CreateEmptyEventAsync(access, outcome, ct));
        await WriteAsync(events, ct);
    }

    public Task RecordAsync(AuditActor actor, AuditedAccess access, AuditOutcome outcome, Guid? hospitalId, CancellationToken ct) =>
        WriteAsync([CreateEvent(actor, access, outcome, hospitalId ?? Guid.Empty) with { PatientId = access.PatientId, ResourceId = access.ResourceId }], ct);

    private async Task WriteAsync(List<AuditEvent> events, CancellationToken ct)
    {
        if (db.Database.CurrentTransaction is null)
        {
            await writer.WriteAsync(events, ct);
            return;
        }
        var rows = JsonSerializer.Serialize(events, Json.Options);
        var statements = AuditWriteCheck.GetStatements(rows, events.ConvertAll(e => (e.HospitalId, e.Id)));
        await check.ExecuteAsync(() => db.Database.ExecuteSqlAsync(statements, ct));
    }

    private AuditEvent CreateContentEvent(AuditedAccess access, AuditOutcome outcome, Guid hospital, Guid? patient, AuditedEntity[] content)
    {
        // A change may concern another resource than its response: rescheduling returns the appointment that replaces the requested one.
        var ids = content.Select(c => c.Id).OfType<Guid>().Concat(access.ResourceId is { } requestedId ? [requestedId] : []).Distinct().ToArray();
        return CreateEvent(AuditActor.Of(db.Tenancy.Caller), access, outcome, hospital) with
        {
            PatientId = patient,
            ResourceId = ids.Length == 1 ? ids[0] : null,
            ResourceIds = ids.Length > 1 ? ids : null,
            ResourceVersion = content.Length == 1 ? content[0].Version : null,
            Rows = content.Length,
        };
    }

    private async Task<AuditEvent> CreateEmptyEventAsync(AuditedAccess access, AuditOutcome outcome, CancellationToken ct)
    {
        // A refused resource may exist nevertheless; the event then names its hospital and patient.
        var subject = subjects is null ? null : await subjects.FindAsync(access, ct);
        // A platform administrator's event belongs to the hospital of the entity that it is about.
        var hospital = db.Tenancy.Caller.HospitalId ?? subject?.HospitalId ?? Guid.Empty;
        return CreateEvent(AuditActor.Of(db.Tenancy.Caller), access, outcome, hospital) with
        {
            PatientId = subject?.PatientId ?? access.PatientId,
            ResourceId = access.ResourceId,
            Rows = access.Rows,
        };
    }

    private AuditEvent CreateEvent(AuditActor actor, AuditedAccess access, AuditOutcome outcome, Guid hospital)
    {
        // What a worker or an operator's command does has no request.
        var http = context.HttpContext;
        var now = clock.GetUtcNow();
        return new()
        {
            HospitalId = hospital,
            Id = Guid.CreateVersion7(now),
            CreatedAt = now,
            UserId = actor.UserId,
            Role = actor.Role,
            SessionId = actor.SessionId,
            Action = access.Action,
            Resource = access.Resource,
            Outcome = outcome,
            ClientAddress = http?.ForwardedAddress(),
            PeerAddress = http?.PeerAddress(),
            RequestId = http?.RequestId() ?? "",
            TraceId = http?.TraceId(),
            ClientId = actor.ClientId,
            Model = http?.GetActingModel(),
            Kind = access.Kind,
            Fields = access.Fields?.ToArray(),
        };
    }
}
