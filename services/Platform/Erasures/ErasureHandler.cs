using System.Text.Json;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Contracts.Identity;
using MedCor.Platform.Audit;
using MedCor.Platform.Database;
using MedCor.Platform.Messaging;
using MedCor.Platform.Retention;
using Microsoft.EntityFrameworkCore;
using AuditEvent = MedCor.Platform.Audit.AuditEvent;

namespace MedCor.Platform.Erasures;

/// <summary>Deletes what a service stores about a user outside its database. Implementations are found by their type.</summary>
public interface IUserEraser
{
    /// <summary>Deletes what is stored about a user, before the user's rows are deleted. Called again when it fails.</summary>
    Task EraseAsync(Guid user, CancellationToken ct);
}

/// <summary>
/// Deletes what a service stores about an erased user and records it in the audit trail, in one transaction: the proof that the erasure is complete once there
/// is one of each service.
/// </summary>
internal sealed class ErasureHandler(TenantDb db, ServiceInfo service, IEnumerable<IUserEraser> erasers, AuditWriteCheck check, TimeProvider clock)
    : IEventHandler<UserErased>
{
    public async Task HandleAsync(UserErased integrationEvent, CancellationToken ct)
    {
        var (hospital, erasure, now) = (integrationEvent.HospitalId, integrationEvent.Erasure, clock.GetUtcNow());
        foreach (var eraser in erasers) await eraser.EraseAsync(erasure.UserId, ct);
        var rows = await new PersonalRows(db).DeleteAllAsync(erasure.UserId, ct);
        await db.Database.ExecuteSqlAsync($"""
            INSERT INTO erasures (user_id, hospital_id, erased_at) VALUES ({erasure.UserId}, {hospital}, {now}) ON CONFLICT DO NOTHING
            """, ct);
        var proof = new AuditEvent
        {
            HospitalId = hospital ?? Guid.Empty,
            Id = Guid.CreateVersion7(now),
            CreatedAt = now,
            UserId = erasure.RequestedBy,
            Role = erasure.Role,
            SessionId = erasure.SessionId,
            Action = $"erase_user/{service.Name}",
            Resource = "users",
            ResourceId = erasure.UserId,
            PatientId = erasure.IsPatient ? erasure.UserId : null,
            Rows = rows,
            Outcome = AuditOutcome.Done,
            RequestId = erasure.RequestId,
            Kind = AuditKind.Account,
        };
        var statements = AuditWriteCheck.GetStatements(JsonSerializer.Serialize<AuditEvent[]>([proof], Json.Options), [(proof.HospitalId, proof.Id)]);
        await check.ExecuteAsync(() => db.Database.ExecuteSqlAsync(statements, ct));
    }
}

/// <summary>
/// Deletes, for two hours after a user was erased, what calls that were under way have stored about the user meanwhile: their tokens end a few seconds later,
/// and where nobody hears of it, within the hour.
/// </summary>
internal sealed class ErasureRetention(TenantDb db) : IRetentionPolicy
{
    internal static readonly TimeSpan Retention = TimeSpan.FromHours(2);

    /// <inheritdoc/>
    public async Task<int> DeleteExpiredAsync(DateTimeOffset now, int maxCount, CancellationToken ct)
    {
        var erased = await db.Database.SqlQuery<Guid>($"""SELECT user_id AS "Value" FROM erasures ORDER BY erased_at LIMIT {maxCount}""").ToListAsync(ct);
        foreach (var user in erased) await new PersonalRows(db).DeleteAllAsync(user, ct);
        await db.Database.ExecuteSqlAsync($"DELETE FROM erasures WHERE erased_at < {now - Retention}", ct);
        return 0;
    }
}
