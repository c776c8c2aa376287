using MedCor.Contracts.Identity;
using MedCor.Identity;
using MedCor.Identity.Accounts;
using MedCor.Identity.Merges;
using MedCor.Platform.LocalCopies;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace MedCor.Tests.Services.Identity.Merges;

public class MergeReminderTests
{
    [Fact]
    public async Task Services_are_told_again_of_a_merge_for_which_they_have_not_reported_and_of_no_other()
    {
        await using var identity = await IdentityFixture.Create();
        var hospital = Guid.CreateVersion7();
        Account[] patients = [NewPatient(hospital, 1), NewPatient(hospital, 2)];
        var merge = new Merge
        {
            HospitalId = hospital, SurvivingId = patients[0].Id, MergedId = patients[1].Id, MergedWasActive = true, RequestedBy = identity.Admin.Id,
        };
        await identity.Write(db =>
        {
            db.Add(new HospitalCopy { HospitalId = hospital, Name = "Here", TimeZone = "Europe/Berlin", IsActive = true, Version = 1 });
            db.AddRange(patients);
        });
        await identity.Write(db => db.Add(merge));
        var reminder = new MergeReminder(identity.Get<IServiceScopeFactory>(), identity.Clock, NullLogger<MergeReminder>.Instance);

        await reminder.RemindAsync(CancellationToken.None);
        Assert.Equal(0, await CountEvents());

        identity.Clock.Now += MergeReminder.Patience + TimeSpan.FromSeconds(1);
        await reminder.RemindAsync(CancellationToken.None);
        await reminder.RemindAsync(CancellationToken.None);
        Assert.Equal(1, await CountEvents());
        // Each pause is twice as long as the one before.
        identity.Clock.Now += MergeReminder.Patience + TimeSpan.FromSeconds(2);
        await reminder.RemindAsync(CancellationToken.None);
        identity.Clock.Now += MergeReminder.Patience + TimeSpan.FromSeconds(2);
        await reminder.RemindAsync(CancellationToken.None);
        Assert.Equal(2, await CountEvents());

        await identity.Execute(async (IdentityDb db, IServiceProvider _) =>
        {
            (await db.Merges.SingleAsync()).Complete(new PatientMergeApplied(merge.Id, hospital, "clinical", true, [], merge.Version));
            return await db.SaveChangesAsync();
        });
        identity.Clock.Now += TimeSpan.FromHours(2);
        await reminder.RemindAsync(CancellationToken.None);
        Assert.Equal(2, await CountEvents());

        Task<int> CountEvents() => identity.Execute((IdentityDb db, IServiceProvider _) =>
            db.Database.SqlQuery<int>($"SELECT count(*)::integer AS \"Value\" FROM outbox WHERE type LIKE '%PatientsMerged'").SingleAsync());
    }

    private static Account NewPatient(Guid hospital, int n) => new()
    {
        HospitalId = hospital, Email = $"{Guid.NewGuid():N}@people.example", FirstName = "Robin", LastName = "Testperson", Role = Role.Patient, Mrn = $"{n}",
    };
}
