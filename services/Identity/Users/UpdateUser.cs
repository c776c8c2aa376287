using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.Identity.Accounts;
using MedCor.Identity.Hospitals;
using MedCor.Identity.Mails;
using MedCor.Identity.Passwords;
using MedCor.Identity.Sessions;
using MedCor.Platform.LocalCopies;
using MedCor.Platform.Tools;
using MedCor.Validation;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Users;

/// <summary>Holds what the change of an account takes besides the parameters of its call.</summary>
/// <param name="PasswordHash">The hash of the new password; null where the password stays.</param>
/// <param name="Paused">The bookings that are paused; null where the account can be booked afterwards as before.</param>
/// <param name="ConfirmsEmail">Whether a new e-mail address is confirmed by a link before it is changed.</param>
/// <param name="AwaitsUser">Whether the user can object to it before, because somebody else has requested it.</param>
internal sealed record PreparedUserUpdate(string? PasswordHash, PausedBookings? Paused, bool ConfirmsEmail = false, bool AwaitsUser = false);

internal sealed class UpdateUserHandler(IdentityDb db, UserResource users, CurrentPasswordCheck ownPassword, LoginAddresses addresses, PasswordHasher hashes,
    SessionManager sessions, BookingPauseClient bookings, HospitalCopies hospitals, SignInPolicies policies, AccountLinks links,
    MailQueue mails, IHostEnvironment environment, TimeProvider clock)
    : IToolHandler<UpdateUser, PreparedUserUpdate, UpdatedUser>, ICurrentStateProvider<UpdateUser>, IParameterValidator<UpdateUser>
{
    public async Task<object> GetCurrentAsync(UpdateUser request, CancellationToken ct) => await users.GetAsync(request.UserId, ct);

    public Task AddErrorsAsync(UpdateUser request, ParameterErrors errors, CancellationToken ct)
    {
        if (request.Password is { } password
            && PasswordPolicy.FindError(password, request.Email.Value ?? "", request.FirstName ?? "", request.LastName ?? "") is { } weak)
            errors.Add("password", weak);
        if (request.Password is not null && errors.AreRight("user_id") && request.UserId == db.Tenancy.Caller.UserId && request.CurrentPassword is null)
            errors.Add(CurrentPasswordCheck.Field, CurrentPasswordCheck.Missing);
        return Task.CompletedTask;
    }

    public async Task<PreparedUserUpdate> PrepareAsync(UpdateUser request, CancellationToken ct)
    {
        if (request is { Password: null, Email.IsGiven: false, HasLogin: null, Role: null, DateOfBirth.Value: null } && request.IsActive is not false)
            return new(null, null);
        if (request.Password is not null && request.UserId != db.Tenancy.Caller.UserId)
            throw new Forbidden("Nobody sets the password of somebody else. POST /api/auth/reset sends the user a link to set it.");
        var account = await db.VisibleAccounts().AsNoTracking().Include(a => a.Membership!.Login).Include(a => a.Hospital)
            .GetRequiredAsync(request.UserId, "user", ct);
        await AuthorizeAsync(request, account, ct);
        var changesEmail = ChangesEmail(request, account);
        var provesPassword = account.Id == db.Tenancy.Caller.UserId && (request.Password is not null || changesEmail);
        await ValidateAsync(request, account, provesPassword, ct);
        if (provesPassword) await ownPassword.VerifyAsync(account, request.CurrentPassword!, ct);
        // An address with which nobody logs in is only for contact.
        var changesLogin = changesEmail && account.HasLogin;
        var changesAtOnce = changesLogin && (await policies.GetAsync(account.HospitalId, ct)).AcceptsChosenPasswords;
        var awaitsUser = changesLogin && account.Id != db.Tenancy.Caller.UserId && account.IsUsed && !(changesAtOnce && environment.IsDevelopment());
        var confirmsEmail = changesLogin && (awaitsUser || !changesAtOnce);
        if (confirmsEmail)
            await EnsureConfirmableAsync(request.Email.Value!, account,
                awaitsUser ? LinkPurpose.EmailChangeByOthers : IsOwn(account) ? LinkPurpose.EmailChange : LinkPurpose.EmailCorrection, ct);
        var passwordHash = request.Password is null ? null : await hashes.HashAsync(request.Password, ct);
        await EnsureMergeCanBeUndoneAsync(request, account, ct);
        // Last, so that a rejected request pauses no bookings.
        account.ThrowIfVersionDiffers(request.ExpectedVersion);
        return new(passwordHash, CeasesToBeBookable(request, account) ? await bookings.PauseAsync(account, ct) : null, confirmsEmail, awaitsUser);
    }

    public async Task<UpdatedUser> HandleAsync(UpdateUser request, PreparedUserUpdate prepared, CancellationToken ct)
    {
        var account = await db.VisibleAccounts().Include(a => a.Membership!.Login).Include(a => a.SpecialtyLinks).ThenInclude(p => p.Specialty).AsSplitQuery()
            .GetRequiredAsync(request.UserId, "user", ct);
        await AuthorizeAsync(request, account, ct);
        if (account.ErasedAt is not null) throw new Conflict("The user was erased, which is final.").WithDetail("erased_at", account.ErasedAt);
        ThrowIfAny(FindRoleErrors(request, account));
        account.ThrowIfVersionDiffers(request.ExpectedVersion);
        await EnsureMergeCanBeUndoneAsync(request, account, ct);

        var (formerRole, wasActive) = (account.Role, account.IsActive);
        var paused = CeasesToBeBookable(request, account) ? prepared.Paused ?? throw PausedBookings.CreateConflict() : null;
        paused?.EnsureUnchanged(account);
        // Who awaits the link to a login with the former address may get one with the new address.
        var givesLogin = GivesLogin(request, account)
            || (account.Membership is { AwaitsLogin: true } && !prepared.ConfirmsEmail && ChangesEmail(request, account));
        if (prepared.AwaitsUser && ChangesEmail(request, account)) await mails.AddEmailChangeAsync(account, request.Email.Value!, ct);
        else if (prepared.ConfirmsEmail && ChangesEmail(request, account))
            mails.Add(IsOwn(account) ? MailKind.EmailConfirmation : MailKind.EmailCorrection, account.Id, request.Email.Value);
        else if (request.Email.IsGiven) await ChangeEmailAsync(request, account, ct);
        if (givesLogin) await GiveLoginAsync(account, ct);
        account.FirstName = request.FirstName ?? account.FirstName;
        account.LastName = request.LastName ?? account.LastName;
        account.Role = request.Role ?? account.Role;
        account.PhoneNumber = request.PhoneNumber.Or(account.PhoneNumber);
        account.DateOfBirth = request.DateOfBirth.Or(account.DateOfBirth);
        account.Demographics = PatientFields.From(request).ApplyTo(account.Demographics);
        account.Mrn = request.Mrn ?? account.Mrn;
        if (account is { Role: Role.Patient, Mrn: null, HospitalId: { } hospital }) account.Mrn = await db.DrawMrnAsync(hospital, ct);
        account.LicenseNumber = request.LicenseNumber.Or(account.LicenseNumber);
        account.YearsOfExperience = request.YearsOfExperience.Or(account.YearsOfExperience);
        account.IsAvailable = request.IsAvailable ?? account.IsAvailable;
        account.IsActive = request.IsActive ?? account.IsActive;

        if (prepared.PasswordHash is not null)
        {
            (account.Login!.PasswordHash, account.Login.HasTemporaryPassword) = (prepared.PasswordHash, false);
            db.Entry(account).State = EntityState.Modified; // a new password makes a new version too
            mails.Add(MailKind.PasswordChanged, account.Id);
            await links.EndAllAsync(account.Login.Id, ct);
        }
        db.ChangeTracker.DetectChanges();
        if (db.Entry(account).State == EntityState.Modified)
            account.RaiseChanged(db, user => wasActive && !user.IsActive ? new UserDeactivated(user) : new UserUpdated(user),
                isNew: formerRole != Role.Patient);
        if (account.Role != formerRole) account.RaiseRoleEnded(db, formerRole);
        try
        {
            await db.SaveChangesAsync(ct);
        }
        catch (DbUpdateException e) when (PatientFields.FindConflict(e) is { } taken)
        {
            throw taken;
        }

        if (prepared.PasswordHash is not null) await sessions.EndAllOfLoginAsync(account.Login!.Id, ct);
        else if (account.Role != formerRole || (wasActive && !account.IsActive)) await sessions.EndAllOfUserAsync(account.Id, ct);
        var user = account.ToUser();
        return new(
            Id: user.Id,
            HospitalId: user.HospitalId,
            Email: user.Email,
            FirstName: user.FirstName,
            LastName: user.LastName,
            Role: user.Role,
            PhoneNumber: user.PhoneNumber,
            DateOfBirth: user.DateOfBirth,
            LicenseNumber: user.LicenseNumber,
            YearsOfExperience: user.YearsOfExperience,
            IsActive: user.IsActive,
            Version: user.Version,
            CreatedAt: user.CreatedAt,
            UpdatedAt: user.UpdatedAt,
            Mrn: user.Mrn,
            Gender: user.Gender,
            Language: user.Language,
            Address: user.Address,
            Contacts: user.Contacts!,
            NextOfKin: user.NextOfKin!,
            Identifiers: user.Identifiers!,
            Affected: paused?.Affected,
            AffectedCount: paused?.Count);
    }

    /// <summary>Throws <see cref="Conflict"/> when, after the change, a merge of the patient could not be undone.</summary>
    private async Task EnsureMergeCanBeUndoneAsync(UpdateUser request, Account account, CancellationToken ct)
    {
        var endsPatient = account.Role == Role.Patient && request.Role is not (null or Role.Patient);
        if (account.MergedIntoId is not null && (request.IsActive is true || endsPatient))
            throw new Conflict("The patient was merged into another one. Undo that with unmerge_patients first.");
        if (endsPatient && await db.Accounts.AnyAsync(a => a.MergedIntoId == account.Id, ct))
            throw new Conflict("Another patient was merged into this one. Undo that with unmerge_patients first.");
    }

    private bool IsOwn(Account account) => account.Id == db.Tenancy.Caller.UserId;

    private static bool ChangesEmail(UpdateUser request, Account account) =>
        request.Email.Value is { } email && (account.Email is not { } former || EmailAddresses.GetLookupKey(email) != EmailAddresses.GetLookupKey(former));

    /// <summary>Returns whether the request gives the user a login: it says so, or the user is not a patient afterwards and has none.</summary>
    private static bool GivesLogin(UpdateUser request, Account account) =>
        request.HasLogin is true || ((request.Role ?? account.Role) != Role.Patient && !account.HasLogin && account.ServiceScope is null);

    /// <summary>
    /// Changes an address at once. If the user logs in, the former and the new one are informed, and the user logs in with the new one from now on; except
    /// where somebody else of another hospital logs in with it, or an administrator changes it for somebody who logs in at other hospitals too. The answer is
    /// alike.
    /// </summary>
    private async Task ChangeEmailAsync(UpdateUser request, Account account, CancellationToken ct)
    {
        var (former, isOther) = (account.Email, ChangesEmail(request, account));
        account.Email = request.Email.Value;
        if (!isOther || !account.HasLogin) return;

        var email = account.Email!;
        await addresses.ReserveAsync(email, account.HospitalId, ct, exceptUserId: account.Id);
        // The former address of who awaits a login is somebody else's, who is not told the name.
        if (account.Login is not { } login) return;
        mails.Add(MailKind.EmailChanged, account.Id, former);
        // Before the login is locked, as wherever both are.
        if (IsOwn(account) || !await db.IsSharedAsync(login, ct)) await links.EndAllAsync(login.Id, ct);
        await db.LockLoginAsync(login.Id, ct);
        await db.Entry(login).ReloadAsync(ct);
        var changesLogin = IsOwn(account) || !await db.IsSharedAsync(login, ct);
        var isTaken = changesLogin && !await addresses.TryChangeAsync(login, email, isVerified: false, ct);
        if (isTaken && account.HospitalId is null) throw LoginAddresses.EmailTaken();
        mails.Add(isTaken ? MailKind.EmailTaken : MailKind.EmailChanged, account.Id, email);
    }

    /// <summary>
    /// Gives a user a login with the user's address, if the user has none, and adds an invitation. Where a login of another hospital has the address, its owner
    /// is told in place of that. For a user who has a login the same is done, which then adds none.
    /// </summary>
    private async Task GiveLoginAsync(Account account, CancellationToken ct)
    {
        mails.Add(MailKind.Invitation, account.Id);
        // An address that has just been changed is not stored yet.
        if (account.Login is { } login && db.Entry(login).State != EntityState.Unchanged) return;
        // The address at which the hospital knows the user, which tells nothing of that of a login.
        await addresses.ReserveAsync(account.Email!, account.HospitalId, ct, exceptUserId: account.Id);
        var added = await addresses.TryAddAsync(account.Login?.Email ?? account.Email!, ct);
        if (account.Login is null) (account.Membership!.LoginId, account.Membership.AwaitsLogin) = (added, added is null);
    }

    /// <summary>
    /// Throws when no link can be sent to a new address, or when another user has it whom the caller administers. For addresses of others, everybody gets the
    /// answer for a free one, so that nobody learns who uses MedCor. Who has the address is told by mail.
    /// </summary>
    private async Task EnsureConfirmableAsync(string email, Account account, LinkPurpose purpose, CancellationToken ct)
    {
        if (!mails.SendsMail) throw new ValidationFailed("email", $"cannot be confirmed, and so not be changed: {MailOptions.NotConfigured}");
        if (db.Tenancy.Caller.IsOneOf(Callers.Admins) && await addresses.IsTakenAsync(email, account.HospitalId, account.Id, ct))
            throw LoginAddresses.EmailTaken();
        if (await links.HasTooManyAsync(account.Id, purpose, ct))
            throw new RateLimited("Too many links were sent to confirm new e-mail addresses of this account.", (int)AccountLinks.Lifetime.TotalSeconds);
    }

    /// <summary>Returns whether the request deactivates the account or changes its role, so that the user can no longer be booked as before.</summary>
    private static bool CeasesToBeBookable(UpdateUser request, Account account) =>
        (request.IsActive is false && account.IsActive) || (request.Role is { } role && role != account.Role);

    /// <summary>
    /// Throws <see cref="Forbidden"/> when the caller may not make the change. Users may change their own account, administrators also others. Users may not
    /// change their own role or deactivate themselves, and patients may not change their own name or date of birth. Sending the current value is not a change.
    /// </summary>
    private async Task AuthorizeAsync(UpdateUser request, Account account, CancellationToken ct)
    {
        var caller = db.Tenancy.Caller;
        var isSelf = caller.UserId == account.Id;
        if (account.ServiceScope is not null) throw new Forbidden("This is a service account. Change it with update_service_account.");
        if (!isSelf && !caller.IsOneOf(Callers.Admins)) throw new Forbidden("Only administrators change other users.");
        if (request.Role is { } role && role != account.Role)
        {
            if (isSelf) throw new Forbidden("Users cannot change their own role.");
            RoleGrants.Require(caller, role);
        }
        if (!isSelf && BecomesAdmin(request, account)) caller.RequireOwnLogIn("make others administrators");
        // Whoever has the address of a user can become the user.
        var changesAccess = !isSelf && (ChangesEmail(request, account) || GivesLogin(request, account));
        if (changesAccess) caller.RequireOwnLogIn("change the e-mail addresses of others, and let others log in");
        if (isSelf && request.IsActive is false) throw new Forbidden("Users cannot deactivate themselves.");
        // What takes an account over or away requires step-up, as delete_user does.
        if (!isSelf && ((request.Role ?? account.Role) != account.Role || (request.IsActive ?? account.IsActive) != account.IsActive
            || changesAccess))
            caller.RequireStepUp(clock.GetUtcNow());
        // Whoever has the address can set a new password, and is the user then. An administrator whom nobody has been yet is still the platform's to correct.
        if (account.HospitalId is not null && caller.IsOneOf(Callers.Platform) && changesAccess
            && (account.Role != Role.Admin || account.IsUsed))
            throw new Forbidden("The e-mail addresses of the users of a hospital are changed by themselves or by an administrator of their hospital.");
        if (!caller.IsOneOf(Callers.Admins)
            && (Changes(request.LicenseNumber, account.LicenseNumber) || Changes(request.YearsOfExperience, account.YearsOfExperience)))
            throw new Forbidden("Only administrators change a license or years of experience.");
        // Records, bookings and invoices identify a patient by these fields: a patient who could change them could pose as another person.
        if (caller.IsOneOf(Callers.Patient) && PatientFields.From(request).FindChanged(account).FirstOrDefault(PatientFields.Identifying.Contains) is { } field)
            throw new Forbidden($"Patients cannot change their own {field}. Ask your hospital.");
        if (caller.IsOneOf(Callers.Patient) && (Changes(request.FirstName, account.FirstName) || Changes(request.LastName, account.LastName)
            || Changes(request.DateOfBirth, account.DateOfBirth)))
            throw new Forbidden("Patients cannot change their own name or date of birth. Ask your hospital with create_correction_request.");
        if (account.HospitalId is { } hospital && (BecomesAdmin(request, account) || ChangesEmail(request, account) || changesAccess))
            await RoleGrants.RequireFirstAdminAsync(db, hospital, ct);
    }

    /// <summary>Returns whether the user is an active administrator afterwards, and is none before.</summary>
    private static bool BecomesAdmin(UpdateUser request, Account account) =>
        (request.Role ?? account.Role, request.IsActive ?? account.IsActive) == (Role.Admin, true) && (account.Role, account.IsActive) != (Role.Admin, true);

    /// <summary>Throws <see cref="ValidationFailed"/> naming everything that is wrong with the change of this account.</summary>
    /// <param name="provesPassword">Whether the caller must give the current password.</param>
    private async Task ValidateAsync(UpdateUser request, Account account, bool provesPassword, CancellationToken ct)
    {
        var errors = FindRoleErrors(request, account);
        if (request.DateOfBirth.Value is { } birthDate && birthDate != account.DateOfBirth && account.HospitalId is { } hospital
            && await hospitals.FindFutureErrorAsync(birthDate, hospital, clock.GetUtcNow(), ct) is { } futureError)
            errors.AddError("date_of_birth", futureError);
        if (request.Password is { } password && PasswordPolicy.FindError(password, request.Email.Or(account.Email) ?? "",
            request.FirstName ?? account.FirstName, request.LastName ?? account.LastName, account.Hospital?.Name) is { } weak)
            errors.AddError("password", weak);
        if (provesPassword && request.CurrentPassword is null) errors.AddError(CurrentPasswordCheck.Field, CurrentPasswordCheck.Missing);
        ThrowIfAny(errors);
    }

    /// <summary>Returns the errors of the role, and of fields that the account needs for it or that belong to another one.</summary>
    private Dictionary<string, List<string>> FindRoleErrors(UpdateUser request, Account account)
    {
        var (errors, role) = (new Dictionary<string, List<string>>(), request.Role ?? account.Role);
        if (request.Email.Or(account.Email) is null)
        {
            if (role != Role.Patient) errors.AddError("email", "is required: only patients can be without one");
            else if (account.HasLogin) errors.AddError("email", "cannot be removed: the user logs in with it");
            else if (request.HasLogin is true) errors.AddError("email", "is required for a login");
        }
        if (request.HasLogin is false && (account.HasLogin || role != Role.Patient))
            errors.AddError("has_login", "cannot be false: a login is not taken away. Deactivate the user instead");
        if (GivesLogin(request, account) && !mails.SendsMail) errors.AddError("has_login", $"cannot be given: {MailOptions.NotConfigured}");
        RoleFieldRules.AddErrors(errors.AddError, role, request.DateOfBirth.Value, request.LicenseNumber.Value, request.YearsOfExperience.Value,
            request.IsAvailable, account);
        RoleFieldRules.AddPatientErrors(errors.AddError, role, PatientFields.From(request).FindChanged(account));
        if (account.HospitalId is null && role != Role.Admin) errors.AddError("role", "must be ADMIN for a user without a hospital");
        return errors;
    }

    private static void ThrowIfAny(Dictionary<string, List<string>> errors)
    {
        if (errors.Count > 0) throw new ValidationFailed(errors);
    }

    private static bool Changes<T>(Optional<T?> requested, T? current) where T : struct => requested.IsGiven && !requested.Value.Equals(current);

    private static bool Changes(Optional<string?> requested, string? current) => requested.IsGiven && IsOther(requested.Value, current);

    private static bool Changes(string? requested, string? current) => requested is not null && IsOther(requested, current);

    /// <summary>
    /// Returns whether a text differs from the stored one. A text that was stored before texts were normalized is compared as it would be normalized today.
    /// </summary>
    private static bool IsOther(string? requested, string? now) => requested != (now is null ? null : PlainText.NormalizeLine(now));
}
