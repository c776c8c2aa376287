using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.Identity.Accounts;
using MedCor.Identity.Mails;
using MedCor.Identity.Passwords;
using MedCor.Platform.Database;
using MedCor.Platform.LocalCopies;
using MedCor.Platform.Tools;
using MedCor.Validation;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Users;

/// <summary>Represents the values of a new account that are not parameters of the call.</summary>
/// <param name="HospitalId">The ID of its hospital; null for a platform administrator.</param>
/// <param name="PasswordHash">The hash of its password; null where the user is invited to choose one.</param>
/// <param name="IsPasswordTemporary">Whether somebody else than the user chose the password.</param>
/// <param name="IsVerified">Whether the user is known to receive mail at the address, and so is not invited.</param>
internal sealed record NewUser(Guid? HospitalId, string? PasswordHash, bool IsPasswordTemporary, bool IsVerified = false);

internal sealed class CreateUserHandler(
    IdentityDb db, HospitalCopies hospitals, EmailUniqueness freeEmail, PasswordHasher hashes, MailQueue mails, TimeProvider clock)
    : IToolHandler<CreateUser, NewUser, User>, IParameterValidator<CreateUser>
{
    public async Task AddErrorsAsync(CreateUser request, ParameterErrors errors, CancellationToken ct)
    {
        // A caller who may not create such an account is told only that, not what is wrong with the account.
        if (errors.AreRight("role") && RoleGrants.FindRefusal(db.Tenancy.Caller, request.Role) is not null) return;
        var callerHospital = db.Tenancy.Caller.HospitalId;
        var hospital = request.HospitalId ?? callerHospital;
        if (errors.AreRight("role"))
        {
            RoleFieldRules.AddErrors(errors.Add, request.Role, request.DateOfBirth, request.LicenseNumber, request.YearsOfExperience,
                isAvailable: null, current: null);
            RoleFieldRules.AddPatientErrors(errors.Add, request.Role, PatientFields.From(request).FindChanged(null));
            if (hospital is null && request.Role != Role.Admin) errors.Add("hospital_id", "is required: only platform administrators belong to no hospital");
        }
        // Callers of one hospital are told neither the name of another nor the current date there.
        var visible = callerHospital is null || callerHospital == hospital ? hospital : null;
        if (request.Password is { } password && errors.AreRight("password"))
        {
            var hospitalName = visible is { } named ? (await hospitals.FindAsync(named, ct))?.Name : null;
            if (PasswordPolicy.FindError(password, request.Email ?? "", request.FirstName ?? "", request.LastName ?? "", hospitalName) is { } weak)
                errors.Add("password", weak);
        }
        if (request.Password is null && !mails.SendsMail) errors.Add("password", $"is required: {MailOptions.NotConfigured}");
        if (visible is { } id && await hospitals.FindFutureErrorAsync(request.DateOfBirth, id, clock.GetUtcNow(), ct) is { } futureError)
            errors.Add("date_of_birth", futureError);
    }

    public async Task<NewUser> PrepareAsync(CreateUser request, CancellationToken ct)
    {
        var caller = db.Tenancy.Caller;
        RoleGrants.Require(caller, request.Role);
        // Who can make administrators can keep access that was gained for a moment.
        if (request.Role == Role.Admin)
        {
            caller.RequireOwnLogIn("create administrators");
            caller.RequireStepUp(clock.GetUtcNow());
        }
        var hospital = request.HospitalId ?? caller.HospitalId;
        // To callers of one hospital, another hospital does not exist.
        if (caller.HospitalId is { } callerHospital && hospital != callerHospital) throw new NotFound("hospital");
        await freeEmail.EnsureAvailableAsync(request.Email, ct);
        if (hospital is { } id)
        {
            (await hospitals.FindAsync(id, ct) ?? throw new NotFound("hospital")).EnsureActive();
            if (request.Role == Role.Admin) await RoleGrants.RequireFirstAdminAsync(db, id, ct);
        }
        return request.Password is { } password ? new(hospital, await hashes.HashAsync(password, ct), true) : new(hospital, null, false);
    }

    public async Task<User> HandleAsync(CreateUser request, NewUser prepared, CancellationToken ct)
    {
        var account = new Account
        {
            HospitalId = prepared.HospitalId,
            Email = request.Email,
            FirstName = request.FirstName,
            LastName = request.LastName,
            Role = request.Role,
            PhoneNumber = request.PhoneNumber,
            DateOfBirth = request.DateOfBirth,
            LicenseNumber = request.LicenseNumber,
            YearsOfExperience = request.YearsOfExperience,
            Demographics = PatientFields.From(request).ApplyTo(Demographics.None),
            Mrn = request.Mrn,
        };
        if (account is { Role: Role.Patient, Mrn: null, HospitalId: { } hospital }) account.Mrn = await db.DrawMrnAsync(hospital, ct);
        db.Add(account);
        db.Add(new Credential
        {
            UserId = account.Id,
            PasswordHash = prepared.PasswordHash,
            HasTemporaryPassword = prepared.IsPasswordTemporary,
            EmailVerifiedAt = prepared.IsVerified ? db.UtcNow : null,
        });
        if (prepared.PasswordHash is null && !prepared.IsVerified) mails.Add(MailKind.Invitation, account.Id);
        account.RaiseChanged(db, user => new UserCreated(user), isNew: true);
        try
        {
            await db.SaveChangesAsync(ct);
        }
        catch (DbUpdateException e) when (e.ViolatesConstraint("users_email"))
        {
            throw EmailUniqueness.EmailTaken();
        }
        catch (DbUpdateException e) when (PatientFields.FindConflict(e) is { } taken)
        {
            throw taken;
        }
        return account.ToUser();
    }
}
