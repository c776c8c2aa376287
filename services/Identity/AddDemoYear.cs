using System.Globalization;
using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.DemoData;
using MedCor.Identity.Accounts;
using MedCor.Identity.Passwords;
using MedCor.Platform.OperatorCommands;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity;

/// <summary>
/// Adds the users of the demo year, with registration dates spread over the year. Each batch is a transaction, so
/// an interrupted or repeated run continues where the last one stopped.
/// </summary>
internal sealed class AddDemoYear(IdentityDb db, PasswordHasher hashes, TimeProvider clock) : IOperatorCommand
{
    private const int BatchSize = 500;

    public string Name => "demo-year";

    public async Task<int> RunAsync(string[] arguments, CancellationToken ct)
    {
        db.Tenancy.Enter(DemoYear.Hospital.Id);
        if (!await db.Hospitals.AnyAsync(ct))
        {
            await Console.Error.WriteLineAsync("The demo hospital is not here: the demo year is added to the demo data of Development.");
            return 1;
        }
        var hash = await hashes.HashAsync(DemoTenants.Password, ct);
        var people = Enumerable.Range(0, DemoYear.DoctorCount).Select(n => (Person: DemoYear.Doctor(n), N: n))
            .Concat(Enumerable.Range(0, DemoYear.PatientCount).Select(n => (Person: DemoYear.Patient(n), N: n))).ToArray();
        var specialties = await db.Specialties.ToDictionaryAsync(s => s.Id, ct);

        var done = 0;
        foreach (var batch in people.Chunk(BatchSize))
        {
            var ids = batch.Select(s => s.Person.Id).ToArray();
            var existing = await db.Accounts.Where(a => ids.Contains(a.Id)).Select(a => a.Id).ToHashSetAsync(ct);
            var added = new List<(Guid Id, DateTimeOffset RegisteredAt)>();
            foreach (var (person, n) in batch.Where(s => !existing.Contains(s.Person.Id)))
            {
                // Doctors registered before the year began.
                var registered = clock.GetUtcNow().AddDays(person.Role == Role.Doctor ? -400 - n * 30 : -399 + n * 365L / DemoYear.PatientCount);
                var account = CreateAccount(person, n, hash, specialties);
                if (person.Role == Role.Doctor) account.DoctorPeriods = new([new(registered)]);
                account.RaiseChanged(db, user => new UserCreated(user with { CreatedAt = registered }), isNew: true);
                added.Add((person.Id, registered));
            }
            await using (var transaction = await db.Database.BeginTransactionAsync(ct))
            {
                await db.SaveChangesAsync(ct);
                // SaveChangesAsync sets created_at to the current time.
                var (who, at) = (added.Select(a => a.Id).ToArray(), added.Select(a => a.RegisteredAt).ToArray());
                await db.Database.ExecuteSqlAsync($"UPDATE users SET created_at = a.at FROM unnest({who}, {at}) AS a (id, at) WHERE users.id = a.id", ct);
                await transaction.CommitAsync(ct);
            }
            db.ChangeTracker.Clear();
            foreach (var specialty in specialties.Values) db.Attach(specialty);
            done += batch.Length;
            Console.WriteLine($"{done} of {people.Length} people");
        }
        return 0;
    }

    private Account CreateAccount(DemoPerson person, int n, string hash, Dictionary<Guid, Specialties.Specialty> specialties)
    {
        var isDoctor = person.Role == Role.Doctor;
        // Every fifth patient has neither an address nor a login, as many have at a clinic.
        var hasLogin = isDoctor || n % 5 != 4;
        var account = new Account
        {
            Id = person.Id,
            HospitalId = person.HospitalId,
            Email = hasLogin ? person.Email : null,
            FirstName = person.FirstName,
            LastName = person.LastName,
            Role = person.Role,
            PhoneNumber = string.Create(CultureInfo.InvariantCulture, $"+49-30-{1_000_000 + n}"),
            DateOfBirth = isDoctor ? null : new DateOnly(1935, 1, 1).AddDays(n * 7_919 % 30_000),
            Mrn = isDoctor ? null : string.Create(CultureInfo.InvariantCulture, $"{2_000_000_000 + n}"),
            LicenseNumber = isDoctor ? string.Create(CultureInfo.InvariantCulture, $"MD{80_000 + n}") : null,
            YearsOfExperience = isDoctor ? 3 + n % 30 : null,
        };
        if (isDoctor)
            account.SpecialtyLinks.Add(new()
            {
                HospitalId = DemoYear.Hospital.Id,
                DoctorId = account.Id,
                SpecialtyId = DemoYear.SpecialtyOf(n),
                Specialty = specialties[DemoYear.SpecialtyOf(n)],
                IsPrimary = true,
            });
        var login = hasLogin ? new Login { Email = person.Email, PasswordHash = hash } : null;
        if (login is not null) db.Add(login);
        db.AddRange(account, new Membership { UserId = account.Id, LoginId = login?.Id });
        return account;
    }
}
