using MedCor.Clinical.Schedules;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.ServiceDefaults.Problems;
using MedCor.ServiceDefaults.Tools;

namespace MedCor.Clinical.Audit;

internal sealed class ListAuditEventsHandler(ClinicalDb db, VisibleAuditEvents events, HospitalDays days) : IHandle<ListAuditEvents, Page<Contracts.Clinical.AuditEvent>>
{
    public async Task<Page<Contracts.Clinical.AuditEvent>> Handle(ListAuditEvents asked, CancellationToken ct)
    {
        if (db.Tenancy.Caller is { Kind: Callers.Patient, UserId: var me } && asked.PatientId is { } other && other != me) throw new Forbidden("Patients see who read their own records only.");
        var (from, before) = await days.Between(asked.DateFrom, asked.DateTo, ct);
        var subject = asked.ResourceId is { } named ? (await AuditTrail.Whose(db, named, ct))?.PatientId : null;

        return await events.Page(asked, list =>
        {
            list.Where("patient_id", asked.PatientId)
                .Where("user_id", asked.UserId)
                .Where("resource", asked.Resource)
                .Where("action", asked.Action)
                .From("created_at", from)
                .Before("created_at", before);
            // A list's ids have no index of their own: row-level security would not let one be used. Those of the patient whose it is are found by theirs.
            if (asked.ResourceId is { } id) list.Few(e => e.ResourceId == id || (e.PatientId == subject && e.ResourceIds!.Contains(id)));
        }, ct);
    }
}
