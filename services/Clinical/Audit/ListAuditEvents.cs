using MedCor.Clinical.People;
using MedCor.Clinical.Schedules;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.ServiceDefaults.Lists;
using MedCor.ServiceDefaults.Problems;
using MedCor.ServiceDefaults.Tools;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Clinical.Audit;

internal sealed class ListAuditEventsHandler(ClinicalDb db, HospitalDays days) : IHandle<ListAuditEvents, Page<Contracts.Clinical.AuditEvent>>
{
    private static readonly SortFields<NamedEvent> Sort = new SortFields<NamedEvent>("-created_at") { { "created_at", n => n.Event.CreatedAt } }.Then(n => n.Event.Id);

    public async Task<Page<Contracts.Clinical.AuditEvent>> Handle(ListAuditEvents asked, CancellationToken ct)
    {
        var caller = db.Tenancy.Caller;
        var patient = caller.Kind == Callers.Patient ? caller.UserId : asked.PatientId;
        if (asked.PatientId is { } other && other != patient) throw new Forbidden("Patients see who read their own records only.");
        var (from, before) = await days.Between(asked.DateFrom, asked.DateTo, ct);

        var events = db.AuditEvents;
        if (patient is { } whose) events = events.Where(e => e.PatientId == whose);
        if (asked.UserId is { } user) events = events.Where(e => e.UserId == user);
        if (asked.Resource is { } resource) events = events.Where(e => e.Resource == resource);
        if (asked.Action is { } action) events = events.Where(e => e.Action == action);
        if (from is { } first) events = events.Where(e => e.CreatedAt >= first);
        if (before is { } end) events = events.Where(e => e.CreatedAt < end);
        if (asked.ResourceId is { } id)
        {
            // A list's ids have no index of their own: row-level security would not let one be used. Those of the patient whose it is are found by theirs.
            var subject = (await AuditTrail.Whose(db, id, ct))?.PatientId;
            events = events.Where(e => e.ResourceId == id || (e.PatientId == subject && e.ResourceIds!.Contains(id)));
        }
        return await events
            .LeftJoin(db.People, e => new { e.HospitalId, Id = e.UserId }, p => new { p.HospitalId, p.Id }, (e, p) => new NamedEvent { Event = e, User = p })
            .Page(asked, Sort, n => n.For(caller.Kind), ct);
    }

    /// <summary>An access with who made it, as far as they are known here.</summary>
    private sealed class NamedEvent
    {
        public required AuditEvent Event { get; init; }
        public required Person? User { get; init; }

        /// <summary>What a caller may know of it: patients learn who and when, not from which machine.</summary>
        internal Contracts.Clinical.AuditEvent For(Callers kind)
        {
            var (e, isPatient) = (Event, kind == Callers.Patient);
            return new(
                e.Id, e.HospitalId == Guid.Empty ? null : e.HospitalId, e.UserId, User?.Name, e.Role, isPatient ? null : e.SessionId, e.Action, e.Resource, e.ResourceId, e.ResourceIds,
                e.ResourceVersion, e.PatientId, e.Rows, e.Outcome, isPatient ? null : e.ClientAddress, isPatient ? null : e.PeerAddress, isPatient ? null : e.RequestId, e.CreatedAt);
        }
    }
}
