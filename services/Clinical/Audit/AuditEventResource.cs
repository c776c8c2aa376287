using System.Linq.Expressions;
using MedCor.Clinical.People;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Platform.Querying;
using MedCor.Platform.Resources;
using Microsoft.EntityFrameworkCore;
using AuditEvent = MedCor.Platform.Audit.AuditEvent;

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
        { "kind", e => e.Kind },
        { "created_at", e => e.CreatedAt },
    }
        .WithIndex("created_at").WithIndex("user_id", "created_at").WithIndex("patient_id", "created_at").WithIndex("resource", "created_at")
        .WithIndex("action", "created_at")
        .WithIndex("outcome", "created_at").WithIndex("kind", "created_at");

    /// <summary>The time for which the caller's own reads of the trail are left out, and the maximum number of them.</summary>
    private const int OwnReadHours = 1, MaxOwnReads = 500;

    /// <summary>The caller's own latest reads of the trail.</summary>
    private Guid[] _ownReads = [];

    /// <summary>A patient's ID and those of the duplicates that were merged into the patient; of other callers none.</summary>
    private Guid[] _ownIds = [];

    protected override QueryableFields<AuditEvent> Fields => QueryFields;
    protected override string EntityName => "audit event";

    /// <summary>Gets the field with the patient; null for a patient with several IDs, whose rows <see cref="Rows"/> has alone.</summary>
    protected override string? OwnerField => _ownIds is { Length: > 1 } ? null : "patient_id";

    /// <summary>
    /// Gets the events that the caller may see: a patient's own, under each ID that the patient has had, and those of patients for whom the caller acts and
    /// sees everything, or those of an administrator's hospital. Reading them is an event too, which is left out for a while for whoever has read: otherwise
    /// each page would move what is on the next one. They are left out by their IDs, which every index has, so that rows are counted from an index.
    /// </summary>
    protected override IQueryable<AuditEvent> Rows
    {
        get
        {
            var (kind, me, ownReads) = (db.Tenancy.Caller.Kind, db.Tenancy.Caller.UserId, _ownReads);
            var events = ownReads.Length == 0 ? db.AuditEvents : db.AuditEvents.Where(e => !ownReads.Contains(e.Id));
            if (kind != Callers.Patient) return events;
            var (ids, represented) = (_ownIds, db.RepresentedPatients);
            return ids.Length > 1
                ? events.Where(e => ids.Contains(e.PatientId!.Value) || represented.Any(p => p.PatientId == e.PatientId && p.SeesRestricted))
                : events.Where(e => e.PatientId == me || represented.Any(p => p.PatientId == e.PatientId && p.SeesRestricted));
        }
    }

    protected override async Task PrepareAsync(CancellationToken ct)
    {
        var (hospital, me, since) = (db.Tenancy.HospitalId ?? Guid.Empty, db.Tenancy.Caller.UserId, db.UtcNow.AddHours(-OwnReadHours));
        _ownReads = await db.AuditEvents.Where(e => e.HospitalId == hospital && e.UserId == me && e.CreatedAt > since && e.Kind == AuditKind.Audit)
            .OrderByDescending(e => e.CreatedAt).Select(e => e.Id).Take(MaxOwnReads).ToArrayAsync(ct);
        if (db.Tenancy.Caller.Kind == Callers.Patient) _ownIds = await db.FindIdsOfPatientAsync(me, ct);
    }

    protected override Task<Guid[]> FindRepresentedAsync(Guid[] patients, CancellationToken ct) => db.FindRepresentedAsync(patients, ct, completely: true);

    /// <summary>
    /// Reads a page. The events of a patient with several IDs are found first, because no index has them in order; except where a filter leaves few. Without a
    /// patient in its filter, the list has none of the patients for whom the caller acts.
    /// </summary>
    protected override Task<Page<Contracts.Clinical.AuditEvent>> ReadAsync(ListQuery<AuditEvent> list, CancellationToken ct)
    {
        var ids = _ownIds;
        if (ids.Length <= 1) return base.ReadAsync(list, ct);
        Expression<Func<AuditEvent, bool>> isOwn = e => ids.Contains(e.PatientId!.Value);
        if (!list.IsSelective) list = list.FindFirst(isOwn);
        else if (!list.Requests("patient_id")) list = list.WhereSelective(isOwn);
        return base.ReadAsync(list, ct);
    }

    protected override IQueryable<AuditEventWithUser> IncludeRelated(IQueryable<AuditEvent> rows) =>
        rows.LeftJoin(db.People, e => new { e.HospitalId, Id = e.UserId }, p => new { p.HospitalId, p.Id },
            (e, p) => new AuditEventWithUser { Event = e, User = p });

    protected override Contracts.Clinical.AuditEvent ToContract(AuditEventWithUser row) => row.ToContract(db.Tenancy.Caller.Kind);
}

/// <summary>Represents an event with the local copy of the user who acted, where there is one.</summary>
internal sealed class AuditEventWithUser
{
    public required AuditEvent Event { get; init; }
    public required PersonCopy? User { get; init; }

    /// <summary>Converts the event for a caller. Patients see who accessed their data and when, but not from which machine.</summary>
    internal Contracts.Clinical.AuditEvent ToContract(Callers kind)
    {
        var (e, isPatient) = (Event, kind == Callers.Patient);
        return new(
            Id: e.Id,
            HospitalId: e.HospitalId == Guid.Empty ? null : e.HospitalId,
            UserId: e.UserId == Guid.Empty ? null : e.UserId,
            UserName: User?.Name,
            Role: e.Role,
            SessionId: isPatient || e.SessionId == Guid.Empty ? null : e.SessionId,
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
            RequestId: isPatient || e.RequestId.Length == 0 ? null : e.RequestId,
            TraceId: isPatient ? null : e.TraceId,
            CreatedAt: e.CreatedAt,
            ClientId: e.ClientId,
            Model: e.Model,
            EmergencyOverrideId: e.EmergencyOverrideId,
            Kind: e.Kind ?? AuditKind.Clinical,
            Fields: e.Fields,
            Service: e.Service ?? "clinical",
            OnBehalfOf: FindRepresented());
    }

    /// <summary>
    /// Returns the patient for whom the user acted; null when it was for nobody else. Patients reach the data of others only as their guardians or proxies, so
    /// what the chain protects says it: the user, the role, whose data it is, and that some was shown or changed. A call that found nothing may have named
    /// anybody. That they act for somebody, they read and end for themselves.
    /// </summary>
    private Guid? FindRepresented() =>
        Event is { Role: ActingRole.Patient, Outcome: AuditOutcome.Done or AuditOutcome.Replayed, Rows: > 0, Resource: not "representatives" }
        && Event.PatientId is { } patient && patient != Event.UserId
            ? patient
            : null;
}
