using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.Identity.Accounts;
using MedCor.Identity.Mails;
using MedCor.Identity.Passwords;
using MedCor.Platform.LocalCopies;
using MedCor.Platform.Tools;
using MedCor.Validation;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Users;

/// <summary>Represents the values of a new account that are not parameters of the call.</summary>
/// <param name="HospitalId">The ID of its hospital; null for a platform administrator.</param>
/// <param name="PasswordHash">The hash of its password; null where the user is invited to choose one.</param>
/// <param name="IsPasswordTemporary">Whether somebody else than the user chose the password.</param>
/// <param name="IsOfProvider">Whether the user logs in through the provider of the hospital, and so is not invited.</param>
internal sealed record NewUser(Guid? HospitalId, string? PasswordHash, bool IsPasswordTemporary, bool IsOfProvider = false);

internal sealed class CreateUserHandler(
    IdentityDb db, HospitalCopies hospitals, LoginAddresses addresses, PasswordHasher hashes, MailQueue mails, TimeProvider clock)
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
            AddLoginErrors(request, errors);
        }
        // Callers of one hospital are told neither the name of another nor the current date there.
        var visible = callerHospital is null || callerHospital == hospital ? hospital : null;
        if (request.Password is { } password && errors.AreRight("password"))
        {
            var hospitalName = visible is { } named ? (await hospitals.FindAsync(named, ct))?.Name : null;
            if (PasswordPolicy.FindError(password, request.Email ?? "", request.FirstName ?? "", request.LastName ?? "", hospitalName) is { } weak)
                errors.Add("password", weak);
        }
        if (request.Password is null && GetsLogin(request) && !mails.SendsMail) errors.Add("password", $"is required: {MailOptions.NotConfigured}");
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
        var membership = new Membership { UserId = account.Id };
        if (GetsLogin(request)) await AddLoginAsync(account, membership, prepared, ct);
        db.AddRange(account, membership);
        account.RaiseChanged(db, user => new UserCreated(user), isNew: true);
        try
        {
            await db.SaveChangesAsync(ct);
        }
        catch (DbUpdateException e) when (PatientFields.FindConflict(e) is { } taken)
        {
            throw taken;
        }
        return account.ToUser();
    }

    /// <summary>
    /// Adds a login for a new user. Where a login of another hospital has the address, the user awaits the link to that: the caller is answered alike, and the
    /// mail tells its owner in place of an invitation. A user who needs no invitation has a mail too, which is not sent.
    /// </summary>
    private async Task AddLoginAsync(Account account, Membership membership, NewUser prepared, CancellationToken ct)
    {
        var email = account.Email!;
        await addresses.ReserveAsync(email, prepared.HospitalId, ct);
        membership.LoginId = await addresses.TryAddAsync(email, ct, prepared.PasswordHash, prepared.IsPasswordTemporary);
        membership.AwaitsLogin = membership.LoginId is null;
        // The platform sees all users.
        if (membership.AwaitsLogin && prepared.HospitalId is null) throw LoginAddresses.EmailTaken();
        if (membership.AwaitsLogin || !prepared.IsOfProvider) mails.Add(MailKind.Invitation, account.Id);
    }

    /// <summary>Adds the errors of an address, a login or a password that the role requires, or that the others do not go with.</summary>
    private static void AddLoginErrors(CreateUser request, ParameterErrors errors)
    {
        if (request.Role != Role.Patient)
        {
            if (request.Email is null) errors.Add("email", "is required: only patients can be without one");
            if (request.HasLogin is false) errors.Add("has_login", "must be true: only patients can be without a login");
            return;
        }
        if (request.HasLogin is true && request.Email is null) errors.Add("email", "is required for a login");
        else if (request.Password is not null && !GetsLogin(request) && errors.AreRight("email", "has_login"))
            errors.Add("password", "is for a user who logs in with an e-mail address: leave it out");
    }

    private static bool GetsLogin(CreateUser request) => request.Email is not null && request.HasLogin is not false;
}
