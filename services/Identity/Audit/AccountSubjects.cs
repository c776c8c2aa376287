using MedCor.Contracts;
using MedCor.Platform.Audit;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Audit;

/// <summary>Finds whose accounts and requests for corrections are that refused calls have named.</summary>
internal sealed class AccountSubjects(IdentityDb db) : IAuditSubjects
{
    public async Task<AuditSubject?> FindAsync(AuditedAccess access, CancellationToken ct)
    {
        if (access is { Resource: "correction_requests", ResourceId: { } request })
            return await db.Corrections.Where(c => c.Id == request).Select(c => new AuditSubject(c.HospitalId, c.PatientId)).FirstOrDefaultAsync(ct);
        return (access.ResourceId ?? access.PatientId) is { } id
            ? await db.Accounts.Where(a => a.Id == id)
                .Select(a => new AuditSubject(a.HospitalId, a.Role == Role.Patient ? (Guid?)a.Id : null)).FirstOrDefaultAsync(ct)
            : null;
    }
}
