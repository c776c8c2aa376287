using MedCor.Clinical.Scheduling;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Platform.Tools;
using MedCor.Validation;

namespace MedCor.Clinical.Audit;

internal sealed class ListAuditEventsHandler(ClinicalDb db, AuditEventResource events, HospitalDayBounds days)
    : IToolHandler<ListAuditEvents, Page<Contracts.Clinical.AuditEvent>>, IParameterValidator<ListAuditEvents>
{
    public Task AddErrorsAsync(ListAuditEvents request, ParameterErrors errors, CancellationToken ct)
    {
        errors.AddDateRange(request.DateFrom, request.DateTo);
        return Task.CompletedTask;
    }

    public async Task<Page<Contracts.Clinical.AuditEvent>> HandleAsync(ListAuditEvents request, CancellationToken ct)
    {
        var (from, before) = await days.ToInstantsAsync(request.DateFrom, request.DateTo, ct);
        // An ID that is none of Clinical's may be that of a patient.
        var subject = request.ResourceId is { } resourceId ? (await ClinicalSubjects.FindAsync(db, resourceId, ct))?.PatientId ?? resourceId : (Guid?)null;

        // Patients see their own events only: also those under the IDs of duplicates that were merged into them.
        var patientId = db.Tenancy.Caller is { Kind: Callers.Patient, UserId: var me } && request.PatientId == me ? null : request.PatientId;
        return await events.ReadPageAsync(request, list =>
        {
            list.Where("patient_id", patientId)
                .Where("user_id", request.UserId)
                .Where("resource", request.Resource)
                .Where("action", request.Action)
                .Where("kind", request.Kind)
                .From("created_at", from)
                .Before("created_at", before);
            // The ids of a list (resource_ids) have no index: row-level security would prevent the use of one. The index by patient finds the events of the
            // resource's patient instead.
            if (request.ResourceId is { } id) list.WhereSelective(e => e.ResourceId == id || (e.PatientId == subject && e.ResourceIds!.Contains(id)));
        }, ct);
    }
}
