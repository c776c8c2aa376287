using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.Identity.Accounts;
using MedCor.Identity.Hospitals;
using MedCor.Identity.Mails;
using MedCor.Identity.Passwords;
using MedCor.Identity.Sessions;
using MedCor.Platform.Database;
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

internal sealed class UpdateUserHandler(IdentityDb db, UserResource users, CurrentPasswordCheck ownPassword, EmailUniqueness freeEmail, PasswordHasher hashes,
    SessionManager sessions, BookingPauseClient bookings, HospitalCopies hospitals, SignInPolicies policies, AccountLinks links,
    MailQueue mails, IHostEnvironment environment, TimeProvider clock)
    : IToolHandler<UpdateUser, PreparedUserUpdate, UpdatedUser>, ICurrentStateProvider<UpdateUser>, IParameterValidator<UpdateUser>
{
    public async Task<object> GetCurrentAsync(UpdateUser request, CancellationToken ct) => await users.GetAsync(request.UserId, ct);

    public Task AddErrorsAsync(UpdateUser request, ParameterErrors errors, CancellationToken ct)
    {
        if (request.Password is { } password
            && PasswordPolicy.FindError(password, request.Email ?? "", request.FirstName ?? "", request.LastName ?? "") is { } weak)
            errors.Add("password", weak);
        if (request.Password is not null && errors.AreRight("user_id") && request.UserId == db.Tenancy.Caller.UserId && request.CurrentPassword is null)
            errors.Add(CurrentPasswordCheck.Field, CurrentPasswordCheck.Missing);
        return Task.CompletedTask;
    }

    public async Task<PreparedUserUpdate> PrepareAsync(UpdateUser request, CancellationToken ct)
    {
        if (request is { Password: null, Email: null, Role: null, DateOfBirth.Value: null } && request.IsActive is not false) return new(null, null);
        if (request.Password is not null && request.UserId != db.Tenancy.Caller.UserId)
            throw new Forbidden("Nobody sets the password of somebody else. POST /api/auth/reset sends the user a link to set it.");
        var account = await db.VisibleAccounts().AsNoTracking().Include(a => a.Credential).Include(a => a.Hospital)
            .GetRequiredAsync(request.UserId, "user", ct);
        await AuthorizeAsync(request, account, ct);
        var changesEmail = ChangesEmail(request, account);
        var provesPassword = account.Id == db.Tenancy.Caller.UserId && (request.Password is not null || changesEmail);
        await ValidateAsync(request, account, provesPassword, ct);
        if (provesPassword) await ownPassword.VerifyAsync(account, request.CurrentPassword!, ct);
        var changesAtOnce = changesEmail && (await policies.GetAsync(account.HospitalId, ct)).AcceptsChosenPasswords;
        var awaitsUser = changesEmail && account.Id != db.Tenancy.Caller.UserId && IsUsed(account) && !(changesAtOnce && environment.IsDevelopment());
        var confirmsEmail = changesEmail && (awaitsUser || !changesAtOnce);
        if (confirmsEmail) await EnsureConfirmableAsync(request.Email!, account, awaitsUser ? LinkPurpose.EmailChangeByOthers : LinkPurpose.EmailChange, ct);
        else if (request.Email is not null) await freeEmail.EnsureAvailableAsync(request.Email, ct, exceptUserId: account.Id);
        var passwordHash = request.Password is null ? null : await hashes.HashAsync(request.Password, ct);
        // Last, so that a rejected request pauses no bookings.
        account.ThrowIfVersionDiffers(request.ExpectedVersion);
        return new(passwordHash, CeasesToBeBookable(request, account) ? await bookings.PauseAsync(account, ct) : null, confirmsEmail, awaitsUser);
    }

    public async Task<UpdatedUser> HandleAsync(UpdateUser request, PreparedUserUpdate prepared, CancellationToken ct)
    {
        var account = await db.VisibleAccounts().Include(a => a.Credential).Include(a => a.SpecialtyLinks).ThenInclude(p => p.Specialty).AsSplitQuery()
            .GetRequiredAsync(request.UserId, "user", ct);
        await AuthorizeAsync(request, account, ct);
        if (account.ErasedAt is not null) throw new Conflict("The user was erased, which is final.").WithDetail("erased_at", account.ErasedAt);
        ThrowIfAny(FindRoleErrors(request, account));
        account.ThrowIfVersionDiffers(request.ExpectedVersion);
        if (account.MergedIntoId is not null && (request.IsActive is true || request.Role is not (null or Role.Patient)))
            throw new Conflict("The patient was merged into another one. Undo that with unmerge_patients first.");

        var (formerRole, wasActive) = (account.Role, account.IsActive);
        var paused = CeasesToBeBookable(request, account) ? prepared.Paused ?? throw PausedBookings.CreateConflict() : null;
        paused?.EnsureUnchanged(account);
        if (prepared.AwaitsUser && ChangesEmail(request, account)) await mails.AddEmailChangeAsync(account, request.Email!, ct);
        else if (prepared.ConfirmsEmail && ChangesEmail(request, account)) mails.Add(MailKind.EmailConfirmation, account.Id, request.Email);
        else if (request.Email is { } email) ChangeEmail(account, email);
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
            (account.Credential!.PasswordHash, account.Credential.HasTemporaryPassword) = (prepared.PasswordHash, false);
            db.Entry(account).State = EntityState.Modified; // a new password makes a new version too
            mails.Add(MailKind.PasswordChanged, account.Id);
            await links.EndAllAsync(account.Id, ct);
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
        catch (DbUpdateException e) when (e.ViolatesConstraint("users_email"))
        {
            throw EmailUniqueness.EmailTaken();
        }
        catch (DbUpdateException e) when (PatientFields.FindConflict(e) is { } taken)
        {
            throw taken;
        }

        if (account.Role != formerRole || request.Password is not null || (wasActive && !account.IsActive)) await sessions.EndAllOfUserAsync(account.Id, ct);
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

    /// <summary>Returns whether anybody has been the user so far. With the address, somebody else would take the account over.</summary>
    private static bool IsUsed(Account account) => account.Credential is { EmailVerifiedAt: not null } or { LastLoginAt: not null };

    private static bool ChangesEmail(UpdateUser request, Account account) =>
        request.Email is { } email && EmailAddresses.GetLookupKey(email) != EmailAddresses.GetLookupKey(account.Email);

    /// <summary>Changes an address at once, and informs the former and the new one.</summary>
    private void ChangeEmail(Account account, string email)
    {
        var (former, formerKey) = (account.Email, account.EmailKey);
        // An older address keeps the form that it is found by.
        account.Email = email;
        if (account.EmailKey == formerKey) return;
        account.Credential!.EmailVerifiedAt = null;
        mails.Add(MailKind.EmailChanged, account.Id, former);
        mails.Add(MailKind.EmailChanged, account.Id);
    }

    /// <summary>
    /// Throws when no link can be sent to a new address, or when another user has it whom the caller administers. For addresses of others, everybody gets the
    /// answer for a free one, so that nobody learns who uses MedCor. Who has the address is told by mail.
    /// </summary>
    private async Task EnsureConfirmableAsync(string email, Account account, LinkPurpose purpose, CancellationToken ct)
    {
        if (!mails.SendsMail) throw new ValidationFailed("email", $"cannot be confirmed, and so not be changed: {MailOptions.NotConfigured}");
        string[] forms = [.. EmailAddresses.GetLookupKeys(email)];
        if (db.Tenancy.Caller.IsOneOf(Callers.Admins) && await db.Accounts.AnyAsync(a => forms.Contains(a.EmailKey) && a.Id != account.Id, ct))
            throw EmailUniqueness.EmailTaken();
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
        if (!isSelf && ChangesEmail(request, account)) caller.RequireOwnLogIn("change the e-mail addresses of others");
        if (isSelf && request.IsActive is false) throw new Forbidden("Users cannot deactivate themselves.");
        // What takes an account over or away requires step-up, as delete_user does.
        if (!isSelf && ((request.Role ?? account.Role) != account.Role || (request.IsActive ?? account.IsActive) != account.IsActive
            || ChangesEmail(request, account)))
            caller.RequireStepUp(clock.GetUtcNow());
        // Whoever has the address can set a new password, and is the user then. An administrator whom nobody has been yet is still the platform's to correct.
        if (account.HospitalId is not null && caller.IsOneOf(Callers.Platform) && ChangesEmail(request, account)
            && account is not { Role: Role.Admin, Credential: { LastLoginAt: null, EmailVerifiedAt: null } })
            throw new Forbidden("The e-mail addresses of the users of a hospital are changed by themselves or by an administrator of their hospital.");
        if (!caller.IsOneOf(Callers.Admins)
            && (Changes(request.LicenseNumber, account.LicenseNumber) || Changes(request.YearsOfExperience, account.YearsOfExperience)))
            throw new Forbidden("Only administrators change a license or years of experience.");
        // Records, bookings and invoices identify a patient by these fields: a patient who could change them could pose as another person.
        if (caller.IsOneOf(Callers.Patient) && PatientFields.From(request).FindChanged(account).FirstOrDefault(PatientFields.Identifying.Contains) is { } field)
            throw new Forbidden($"Patients cannot change their own {field}. Ask your hospital.");
        if (caller.IsOneOf(Callers.Patient) && (Changes(request.FirstName, account.FirstName) || Changes(request.LastName, account.LastName)
            || Changes(request.DateOfBirth, account.DateOfBirth)))
            throw new Forbidden("Patients cannot change their own name or date of birth. Ask your hospital.");
        if (account.HospitalId is { } hospital && (BecomesAdmin(request, account) || ChangesEmail(request, account)))
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
        if (request.Password is { } password && PasswordPolicy.FindError(password, request.Email ?? account.Email, request.FirstName ?? account.FirstName,
            request.LastName ?? account.LastName, account.Hospital?.Name) is { } weak)
            errors.AddError("password", weak);
        if (provesPassword && request.CurrentPassword is null) errors.AddError(CurrentPasswordCheck.Field, CurrentPasswordCheck.Missing);
        ThrowIfAny(errors);
    }

    /// <summary>Returns the errors of the role, and of fields that belong to another role than the account has afterwards.</summary>
    private static Dictionary<string, List<string>> FindRoleErrors(UpdateUser request, Account account)
    {
        var (errors, role) = (new Dictionary<string, List<string>>(), request.Role ?? account.Role);
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
