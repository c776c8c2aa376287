using MedCor.Platform.Exports;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Accounts;

internal sealed class ExportedPeople(IdentityDb db) : IExportedPeople
{
    public Task<bool> ExistsAsync(Guid user, CancellationToken ct) => db.Accounts.AnyAsync(a => a.Id == user, ct);
}
