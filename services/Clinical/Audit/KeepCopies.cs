using MedCor.Contracts.Clinical;
using MedCor.Platform.Audit;
using MedCor.Platform.Messaging;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Clinical.Audit;

/// <summary>
/// Keeps copies of what the other services have recorded, so that one list, in one order, has the events of all. The copies are chained as well.
/// </summary>
internal sealed class KeepCopies(ClinicalDb db, AuditWriteCheck check) : IEventHandler<AuditEventsRecorded>
{
    public Task HandleAsync(AuditEventsRecorded integrationEvent, CancellationToken ct)
    {
        var (rows, count) = (integrationEvent.Events.GetRawText(), integrationEvent.Events.GetArrayLength());
        return check.ExecuteAsync(() => db.Database.ExecuteSqlAsync(AuditWriteCheck.GetStatements(rows, count, isRepeatable: true), ct));
    }
}
