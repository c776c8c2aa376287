using MedCor.Clinical.People;
using MedCor.Contracts;
using MedCor.ServiceDefaults.Lists;
using MedCor.ServiceDefaults.Resources;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Clinical.Audit;

internal sealed class VisibleAuditEvents(ClinicalDb db) : Resource<AuditEvent, NamedEvent, Contracts.Clinical.AuditEvent>(db)
{
    private static readonly Fields<AuditEvent> All = new Fields<AuditEvent>("-created_at", e => e.Id)
    {
        { "id", e => e.Id, Selects.Few },
        { "hospital_id", e => e.HospitalId },
        { "user_id", e => e.UserId, Selects.Few },
        { "patient_id", e => e.PatientId, Selects.Few },
        { "resource_id", e => e.ResourceId, Selects.Few },
        { "resource", e => e.Resource },
        { "action", e => e.Action },
        { "outcome", e => e.Outcome },
        { "created_at", e => e.CreatedAt },
    }
        .Indexed("created_at").Indexed("user_id", "created_at").Indexed("patient_id", "created_at").Indexed("resource", "created_at").Indexed("action", "created_at");

    protected override Fields<AuditEvent> Fields => All;
    protected override string Thing => "audit event";
    protected override string? OwnedBy => "patient_id";
    protected override IQueryable<AuditEvent> Rows => db.Tenancy.Caller is { Kind: Callers.Patient, UserId: var me } ? db.AuditEvents.Where(e => e.PatientId == me) : db.AuditEvents;

    protected override IQueryable<NamedEvent> Complete(IQueryable<AuditEvent> rows) =>
        rows.LeftJoin(db.People, e => new { e.HospitalId, Id = e.UserId }, p => new { p.HospitalId, p.Id }, (e, p) => new NamedEvent { Event = e, User = p });

    protected override Contracts.Clinical.AuditEvent Show(NamedEvent row) => row.For(db.Tenancy.Caller.Kind);
}

/// <summary>An access with who made it, as far as they are known here.</summary>
internal sealed class NamedEvent
{
    public required AuditEvent Event { get; init; }
    public required Person? User { get; init; }

    /// <summary>What a caller may know of it: patients learn who and when, not from which machine.</summary>
    internal Contracts.Clinical.AuditEvent For(Callers kind)
    {
        var (e, isPatient) = (Event, kind == Callers.Patient);
        return new(
            e.Id, e.HospitalId == Guid.Empty ? null : e.HospitalId, e.UserId, User?.Name, e.Role, isPatient ? null : e.SessionId, e.Action, e.Resource, e.ResourceId, e.ResourceIds,
            e.ResourceVersion, e.PatientId, e.Rows, e.Outcome, isPatient ? null : e.ClientAddress, isPatient ? null : e.PeerAddress, isPatient ? null : e.RequestId, isPatient ? null : e.TraceId, e.CreatedAt);
    }
}
