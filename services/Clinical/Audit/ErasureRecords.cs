using MedCor.Contracts.Clinical;
using MedCor.Contracts.Identity;
using MedCor.Platform.Messaging;

namespace MedCor.Clinical.Audit;

/// <summary>Records in the audit trail that a service has erased a user: the proof that the erasure is complete once there is one of each service.</summary>
internal sealed class ErasureRecords(ClinicalDb db, TimeProvider clock) : IEventHandler<UserErasedInService>
{
    public Task HandleAsync(UserErasedInService integrationEvent, CancellationToken ct)
    {
        var (now, erasure) = (clock.GetUtcNow(), integrationEvent.Erasure);
        db.Add(new AuditEvent
        {
            HospitalId = integrationEvent.HospitalId ?? Guid.Empty,
            Id = Guid.CreateVersion7(now),
            CreatedAt = now,
            UserId = erasure.RequestedBy,
            Role = erasure.Role,
            SessionId = erasure.SessionId,
            Action = $"erase_user/{integrationEvent.Service}",
            Resource = Erasure.Resource,
            PatientId = erasure.UserId,
            Rows = integrationEvent.Rows,
            Outcome = AuditOutcome.Done,
            RequestId = erasure.RequestId,
        });
        return Task.CompletedTask;
    }
}
