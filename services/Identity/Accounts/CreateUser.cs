using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.Identity.Passwords;
using MedCor.ServiceDefaults.Copies;
using MedCor.ServiceDefaults.Database;
using MedCor.ServiceDefaults.Problems;
using MedCor.ServiceDefaults.Tools;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Accounts;

internal sealed class CreateUserHandler(IdentityDb db, KnownHospitals hospitals, FreeEmail freeEmail, PasswordHashes hashes) : IHandle<CreateUser, User>, IPrepare<CreateUser>
{
    private Guid? hospital;
    private string passwordHash = "";

    public async Task Prepare(CreateUser asked, CancellationToken ct)
    {
        var caller = db.Tenancy.Caller;
        if (caller.Is(Callers.Nurse) && asked.Role != Role.Patient) throw new Forbidden("Nurses open accounts for patients alone.");
        RoleFields.Check(asked.Role, asked.DateOfBirth, asked.LicenseNumber, asked.YearsOfExperience, isAvailable: null, now: null);
        hospital = asked.HospitalId ?? caller.HospitalId;
        // Another hospital does not exist, as far as somebody of this one may know.
        if (caller.HospitalId is { } own && hospital != own) throw new Missing("hospital");
        if (hospital is null && asked.Role != Role.Admin) throw new Invalid("hospital_id", "is required: only platform administrators belong to no hospital");
        if (PasswordPolicy.WhatIsWrong(asked.Password, asked.Email, asked.FirstName, asked.LastName) is { } wrong) throw new Invalid("password", wrong);
        await freeEmail.Require(asked.Email, ct);
        if (hospital is { } id && !(await hospitals.Find(id, ct) ?? throw new Missing("hospital")).IsActive) throw new Conflict("The hospital is out of use.");
        passwordHash = await hashes.Hash(asked.Password, ct);
    }

    public async Task<User> Handle(CreateUser asked, CancellationToken ct)
    {
        var account = new Account
        {
            HospitalId = hospital,
            Email = asked.Email,
            FirstName = asked.FirstName,
            LastName = asked.LastName,
            Role = asked.Role,
            PhoneNumber = asked.PhoneNumber,
            DateOfBirth = asked.DateOfBirth,
            LicenseNumber = asked.LicenseNumber,
            YearsOfExperience = asked.YearsOfExperience,
        };
        db.Add(account);
        db.Add(new Credential { UserId = account.Id, PasswordHash = passwordHash });
        account.Tell(db, user => new UserCreated(user), isNew: true);
        try
        {
            await db.SaveChangesAsync(ct);
        }
        catch (DbUpdateException e) when (e.Violates("users_email"))
        {
            throw FreeEmail.Taken();
        }
        return account.ToUser();
    }
}
