using MedCor.Contracts.Clinical;
using MedCor.Platform.Messaging;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Clinical.Audit;

/// <summary>
/// Keeps copies of what the other services have recorded, so that one list, in one order, has the events of all. The copies are chained as well.
/// </summary>
internal sealed class KeepCopies(ClinicalDb db) : IEventHandler<AuditEventsRecorded>
{
    public Task HandleAsync(AuditEventsRecorded integrationEvent, CancellationToken ct)
    {
        var rows = integrationEvent.Events.GetRawText();
        return db.Database.ExecuteSqlAsync(
            $"INSERT INTO audit_events SELECT * FROM jsonb_populate_recordset(NULL::audit_events, {rows}::jsonb) ON CONFLICT DO NOTHING", ct);
    }
}
