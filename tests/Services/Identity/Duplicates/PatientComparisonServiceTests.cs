using MedCor.Identity;
using MedCor.Identity.Accounts;
using MedCor.Identity.Duplicates;
using MedCor.Platform.LocalCopies;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace MedCor.Tests.Services.Identity.Duplicates;

public class PatientComparisonServiceTests
{
    private static readonly Guid Hospital = Guid.CreateVersion7();

    [Fact]
    public async Task A_patient_whose_comparison_fails_hinders_no_other_and_is_left_out_in_the_end()
    {
        await using var identity = await IdentityFixture.Create();
        Account[] failing = [NewPatient(1, "Miriam", "Schubert"), NewPatient(2, "Miriam", "Schubert")];
        Account[] others = [NewPatient(3, "Petra", "Wagner"), NewPatient(4, "Petra", "Wagner")];
        await identity.Write(db =>
        {
            db.Add(new HospitalCopy { HospitalId = Hospital, Name = "Here", TimeZone = "Europe/Berlin", IsActive = true, Version = 1 });
            db.AddRange(failing);
            db.AddRange(others);
        });
        await identity.ExecuteAsOwner(
            $"ALTER TABLE duplicate_candidates ADD CONSTRAINT fails CHECK (first_id NOT IN ('{failing[0].Id}', '{failing[1].Id}'))");
        var comparison = new PatientComparisonService(
            identity.Get<IServiceScopeFactory>(), TimeProvider.System, NullLogger<PatientComparisonService>.Instance);

        // A failure ends a run, and the service runs again a second later.
        for (var run = 0; run < 10 * PatientComparisonService.MaxFailures && await CountWaiting() > 0; run++)
            await Record.ExceptionAsync(() => comparison.CompareAllAsync(CancellationToken.None));

        Assert.Equal(0, await CountWaiting());
        var pair = Assert.Single(await identity.Execute((IdentityDb db, IServiceProvider _) => db.CandidatePairs.AsNoTracking().ToListAsync()));
        Assert.Equal([pair.FirstId, pair.SecondId], others.Select(patient => patient.Id).Order());

        Task<int> CountWaiting() => identity.Execute((IdentityDb db, IServiceProvider _) =>
            db.Database.SqlQuery<int>($"SELECT count(*)::integer AS \"Value\" FROM patients_to_compare").SingleAsync());
    }

    private static Account NewPatient(int n, string first, string last) => new()
    {
        HospitalId = Hospital, Email = null, FirstName = first, LastName = last, Role = Role.Patient, DateOfBirth = new(1984, 5, 17), Mrn = $"{n}",
    };
}
