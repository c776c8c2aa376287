using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.Platform.Replay;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Accounts;

internal sealed class AccountReplay(IdentityDb db) : IReplaySource
{
    public Task<IReadOnlyList<ReplayItem>> ReadPageAsync(RowKey after, CancellationToken ct) =>
        db.Accounts.Include(a => a.SpecialtyLinks).ThenInclude(p => p.Specialty).Where(a => a.Id > after.Id).OrderBy(a => a.Id)
            .ToReplayPageAsync(a => new(default, a.Id), Events, ct);

    private static IEnumerable<IntegrationEvent> Events(Account account)
    {
        yield return account.IsActive ? new UserUpdated(account.ToUser()) : new UserDeactivated(account.ToUser());
        // A former doctor is replayed as inactive, because past appointments still belong to the specialties that the doctor practiced.
        if (account.Role == Role.Doctor || account.SpecialtyLinks.Count > 0) yield return account.ToDoctorUpdated();
        if (account.Role == Role.Patient) yield return new PatientUpdated(account.ToPatient());
    }
}
