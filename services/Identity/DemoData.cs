using System.Globalization;
using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.DemoData;
using MedCor.Identity.Accounts;
using MedCor.Identity.Passwords;
using MedCor.Platform.DemoData;
using MedCor.Platform.LocalCopies;
using Microsoft.EntityFrameworkCore;
using SignInPolicy = MedCor.Identity.Hospitals.SignInPolicy;
using Specialty = MedCor.Identity.Specialties.Specialty;

namespace MedCor.Identity;

internal sealed class DemoData(IdentityDb db, PasswordHasher hashes) : IDemoDataSeeder
{
    /// <summary>The password hash of all demo users, computed once because hashing takes a tenth of a second by design.</summary>
    private string _passwordHash = "";

    public async Task SeedAsync(CancellationToken ct)
    {
        if (await db.Accounts.AnyAsync(ct)) return;
        _passwordHash = await hashes.HashAsync(DemoTenants.Password, ct);

        var specialties = new Dictionary<string, Specialty>();
        foreach (var (id, code, name, description) in DemoTenants.Specialties)
        {
            var specialty = specialties[code] = new() { Id = id, Code = code, Name = name, Description = description };
            db.Add(specialty);
            db.Raise(() => new SpecialtyCreated(specialty.ToContract()));
        }

        CreateAccount(DemoTenants.PlatformAdmin, 0);
        foreach (var hospital in DemoTenants.Hospitals)
        {
            db.Add(new HospitalCopy { HospitalId = hospital.Id, Name = hospital.Name, TimeZone = hospital.TimeZone, IsActive = true, Version = 1 });
            db.Add(new SignInPolicy { HospitalId = hospital.Id, AcceptsChosenPasswords = true });
            var n = 0;
            foreach (var person in hospital.People)
            {
                var account = CreateAccount(person, n++);
                if (person.Role != Role.Doctor) continue;
                var code = hospital.Doctors.Single(d => d.Person.Id == person.Id).Specialty;
                account.SpecialtyLinks.Add(new()
                {
                    HospitalId = hospital.Id,
                    DoctorId = account.Id,
                    SpecialtyId = specialties[code].Id,
                    Specialty = specialties[code],
                    IsPrimary = true,
                    YearsOfExperience = account.YearsOfExperience,
                    CertificationDate = new DateOnly(2024, 6, 1).AddYears(-account.YearsOfExperience!.Value),
                });
            }
        }
        await db.SaveChangesAsync(ct);
    }

    /// <param name="n">A number that makes the generated details of the users differ.</param>
    private Account CreateAccount(DemoPerson person, int n)
    {
        var isDoctor = person.Role == Role.Doctor;
        var account = new Account
        {
            Id = person.Id,
            HospitalId = person.HospitalId,
            Email = person.Email,
            FirstName = person.FirstName,
            LastName = person.LastName,
            Role = person.Role,
            PhoneNumber = string.Create(CultureInfo.InvariantCulture, $"+1-555-{100 + n:0000}"),
            DateOfBirth = person.Role == Role.Patient ? new DateOnly(1941, 2, 3).AddDays(n * 1_234) : null,
            Mrn = person.Role == Role.Patient ? string.Create(CultureInfo.InvariantCulture, $"{1_000_000_000 + n}") : null,
            LicenseNumber = isDoctor ? string.Create(CultureInfo.InvariantCulture, $"MD{40_000 + n * 317}") : null,
            YearsOfExperience = isDoctor ? 4 + n * 3 : null,
            DoctorPeriods = isDoctor ? new([new(DemoTenants.Opened)]) : ActivePeriods.None,
        };
        db.Add(account);
        var login = new Login { Email = person.Email, PasswordHash = _passwordHash };
        db.AddRange(login, new Membership { UserId = account.Id, LoginId = login.Id });
        account.RaiseChanged(db, user => new UserCreated(user), isNew: true);
        return account;
    }
}
