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
        var keys = integrationEvent.Events.EnumerateArray().Select(e => (e.GetProperty("hospital_id").GetGuid(), e.GetProperty("id").GetGuid())).ToList();
        var statements = AuditWriteCheck.GetStatements(integrationEvent.Events.GetRawText(), keys, isRepeatable: true);
        return check.ExecuteAsync(() => db.Database.ExecuteSqlAsync(statements, ct));
    }
}
