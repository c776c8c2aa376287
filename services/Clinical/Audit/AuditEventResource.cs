using MedCor.Clinical.People;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Platform.Querying;
using MedCor.Platform.Resources;

namespace MedCor.Clinical.Audit;

internal sealed class AuditEventResource(ClinicalDb db) : QueryableResource<AuditEvent, AuditEventWithUser, Contracts.Clinical.AuditEvent>(db)
{
    private static readonly QueryableFields<AuditEvent> QueryFields = new QueryableFields<AuditEvent>("-created_at", e => e.Id)
    {
        { "id", e => e.Id, Selectivity.High },
        { "hospital_id", e => e.HospitalId },
        { "user_id", e => e.UserId, Selectivity.High },
        { "patient_id", e => e.PatientId, Selectivity.High },
        { "resource_id", e => e.ResourceId, Selectivity.High },
        { "resource", e => e.Resource, new AuditedResourceAttribute() },
        { "action", e => e.Action },
        { "outcome", e => e.Outcome, Selectivity.Skewed },
        { "created_at", e => e.CreatedAt },
    }
        .WithIndex("created_at").WithIndex("user_id", "created_at").WithIndex("patient_id", "created_at").WithIndex("resource", "created_at")
        .WithIndex("action", "created_at")
        .WithIndex("outcome", "created_at");

    protected override QueryableFields<AuditEvent> Fields => QueryFields;
    protected override string EntityName => "audit event";
    protected override string? OwnerField => "patient_id";
    protected override IQueryable<AuditEvent> Rows =>
        db.Tenancy.Caller is { Kind: Callers.Patient, UserId: var me } ? db.AuditEvents.Where(e => e.PatientId == me) : db.AuditEvents;

    protected override IQueryable<AuditEventWithUser> IncludeRelated(IQueryable<AuditEvent> rows) =>
        rows.LeftJoin(db.People, e => new { e.HospitalId, Id = e.UserId }, p => new { p.HospitalId, p.Id },
            (e, p) => new AuditEventWithUser { Event = e, User = p });

    protected override Contracts.Clinical.AuditEvent ToContract(AuditEventWithUser row) => row.ToContract(db.Tenancy.Caller.Kind);
}

/// <summary>Represents an access with the local copy of the user who made it, where there is one.</summary>
internal sealed class AuditEventWithUser
{
    public required AuditEvent Event { get; init; }
    public required PersonCopy? User { get; init; }

    /// <summary>Converts the access for a caller. Patients see who accessed their data and when, but not from which machine.</summary>
    internal Contracts.Clinical.AuditEvent ToContract(Callers kind)
    {
        var (e, isPatient) = (Event, kind == Callers.Patient);
        return new(
            Id: e.Id,
            HospitalId: e.HospitalId == Guid.Empty ? null : e.HospitalId,
            UserId: e.UserId,
            UserName: User?.Name,
            Role: e.Role,
            SessionId: isPatient ? null : e.SessionId,
            Action: e.Action,
            Resource: e.Resource,
            ResourceId: e.ResourceId,
            ResourceIds: e.ResourceIds,
            ResourceVersion: e.ResourceVersion,
            PatientId: e.PatientId,
            Rows: e.Rows,
            Outcome: e.Outcome,
            ClientAddress: isPatient ? null : e.ClientAddress,
            PeerAddress: isPatient ? null : e.PeerAddress,
            RequestId: isPatient ? null : e.RequestId,
            TraceId: isPatient ? null : e.TraceId,
            CreatedAt: e.CreatedAt,
            ClientId: e.ClientId,
            Model: e.Model,
            EmergencyOverrideId: e.EmergencyOverrideId);
    }
}
