using MedCor.Contracts;
using MedCor.Platform.Audit;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Audit;

/// <summary>Finds whose accounts are that refused calls have named.</summary>
internal sealed class AccountSubjects(IdentityDb db) : IAuditSubjects
{
    public async Task<AuditSubject?> FindAsync(AuditedAccess access, CancellationToken ct) => (access.ResourceId ?? access.PatientId) is { } id
        ? await db.Accounts.Where(a => a.Id == id)
            .Select(a => new AuditSubject(a.HospitalId, a.Role == Role.Patient ? (Guid?)a.Id : null)).FirstOrDefaultAsync(ct)
        : null;
}
