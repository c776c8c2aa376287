using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.ServiceDefaults.History;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Accounts;

internal sealed class TellPeople(IdentityDb db) : ITellHistory
{
    public async IAsyncEnumerable<IntegrationEvent> Tell([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        await foreach (var specialty in Pages.ByKey(last => db.Specialties.Where(s => s.Id > last).OrderBy(s => s.Id), s => s.Id, ct))
            yield return new SpecialtyUpdated(specialty.ToContract());

        await foreach (var account in Pages.ByKey(last => db.Accounts.Include(a => a.Practices).ThenInclude(p => p.Specialty).Where(a => a.Id > last).OrderBy(a => a.Id), a => a.Id, ct))
        {
            yield return account.IsActive ? new UserUpdated(account.ToUser()) : new UserDeactivated(account.ToUser());
            // Who was a doctor once is told as one out of use: their past appointments still belong to what they practised.
            if (account.Role == Role.Doctor) yield return new DoctorUpdated(account.ToDoctor());
            else if (account.Practices.Count > 0) yield return new DoctorUpdated(account.ToDoctor() with { IsActive = false });
            if (account.Role == Role.Patient) yield return new PatientUpdated(account.ToPatient());
        }
    }
}
