using System.Text.Json;
using MedCor.Contracts;
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
    private static readonly HashSet<string> OtherServices = [.. ServiceCatalogue.All.Select(service => service.Name).Where(name => name != "clinical")];

    /// <exception cref="InvalidDataException">One of the events names no other service, so it would be listed as one of this service.</exception>
    public Task HandleAsync(AuditEventsRecorded integrationEvent, CancellationToken ct)
    {
        if (!integrationEvent.Events.EnumerateArray().All(IsOfOtherService)) throw new InvalidDataException("A copy of an audit event names no other service.");
        var keys = integrationEvent.Events.EnumerateArray().Select(e => (e.GetProperty("hospital_id").GetGuid(), e.GetProperty("id").GetGuid())).ToList();
        var statements = AuditWriteCheck.GetStatements(integrationEvent.Events.GetRawText(), keys, isRepeatable: true);
        return check.ExecuteAsync(() => db.Database.ExecuteSqlAsync(statements, ct));
    }

    private static bool IsOfOtherService(JsonElement copy) =>
        copy.TryGetProperty("service", out var service) && service.ValueKind == JsonValueKind.String && OtherServices.Contains(service.GetString()!);
}
