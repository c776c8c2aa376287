using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.Identity.Passwords;
using MedCor.Identity.Sessions;
using MedCor.ServiceDefaults.Access;
using MedCor.ServiceDefaults.Database;
using MedCor.ServiceDefaults.Problems;
using MedCor.ServiceDefaults.Tools;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Accounts;

internal sealed class UpdateUserHandler(IdentityDb db, VisibleUsers users, OwnPassword ownPassword, FreeEmail freeEmail, PasswordHashes hashes, LiveSessions sessions, BookingsOf bookings) : IHandle<UpdateUser, UpdatedUser>, IPrepare<UpdateUser>, IAmend<UpdateUser>
{
    private string? newHash;

    public async Task<object> Shown(UpdateUser asked, CancellationToken ct) => await users.Get(asked.UserId, ct);

    public async Task Prepare(UpdateUser asked, CancellationToken ct)
    {
        if (asked is { Password: null, Email: null, Role: null } && asked.IsActive is not false) return;
        var account = await db.Seen().AsNoTracking().Include(a => a.Credential).Find(asked.UserId, "user", ct);
        Permit(asked, account);
        if (account.Id == db.Tenancy.Caller.UserId && (asked.Password is not null || (asked.Email is { } email && EmailAddresses.KeyOf(email) != EmailAddresses.KeyOf(account.Email))))
            await ownPassword.Require(account, asked.CurrentPassword, ct);
        if (asked.Email is not null) await freeEmail.Require(asked.Email, ct, but: account.Id);
        if (asked.Password is { } password && PasswordPolicy.WhatIsWrong(password, asked.Email ?? account.Email, asked.FirstName ?? account.FirstName, asked.LastName ?? account.LastName) is { } wrong)
            throw new Invalid("password", wrong);
        if (asked.Password is not null) newHash = await hashes.Hash(asked.Password, ct);
        // Last: what is refused pauses nobody's bookings.
        account.Expect(asked.ExpectedVersion);
        if (Leaves(asked, account)) await bookings.Pause(account, ct);
    }

    public async Task<UpdatedUser> Handle(UpdateUser asked, CancellationToken ct)
    {
        var account = await db.Seen().Include(a => a.Credential).Include(a => a.Practices).ThenInclude(p => p.Specialty).AsSplitQuery().Find(asked.UserId, "user", ct);
        Permit(asked, account);
        account.Expect(asked.ExpectedVersion);

        var (formerRole, wasActive, leaves) = (account.Role, account.IsActive, Leaves(asked, account));
        if (leaves) bookings.RequireSame(account);
        // An older address keeps the form that it is found by.
        if (asked.Email is { } email) account.Email = email;
        account.FirstName = asked.FirstName ?? account.FirstName;
        account.LastName = asked.LastName ?? account.LastName;
        account.Role = asked.Role ?? account.Role;
        account.PhoneNumber = asked.PhoneNumber.Or(account.PhoneNumber);
        account.DateOfBirth = asked.DateOfBirth.Or(account.DateOfBirth);
        account.LicenseNumber = asked.LicenseNumber.Or(account.LicenseNumber);
        account.YearsOfExperience = asked.YearsOfExperience.Or(account.YearsOfExperience);
        account.IsAvailable = asked.IsAvailable ?? account.IsAvailable;
        account.IsActive = asked.IsActive ?? account.IsActive;
        account.Credential!.PasswordHash = newHash ?? account.Credential.PasswordHash;
        if (account.HospitalId is null && account.Role != Role.Admin) throw new Invalid("role", "must be ADMIN for somebody who belongs to no hospital");

        if (newHash is not null) db.Entry(account).State = EntityState.Modified; // a new password makes a new version too
        if (db.ChangeTracker.HasChanges()) account.Tell(db, user => wasActive && !user.IsActive ? new UserDeactivated(user) : new UserUpdated(user), isNew: formerRole != Role.Patient);
        if (account.Role != formerRole) account.TellNoLonger(db, formerRole);
        try
        {
            await db.SaveChangesAsync(ct);
        }
        catch (DbUpdateException e) when (e.Violates("users_email"))
        {
            throw FreeEmail.Taken();
        }

        if (account.Role != formerRole || asked.Password is not null || (wasActive && !account.IsActive)) await sessions.EndAllOf(account.Id, ct);
        var user = account.ToUser();
        return new(
            user.Id, user.HospitalId, user.Email, user.FirstName, user.LastName, user.Role, user.PhoneNumber, user.DateOfBirth, user.LicenseNumber, user.YearsOfExperience, user.IsActive,
            user.Version, user.CreatedAt, user.UpdatedAt, leaves ? bookings.Affected : null, leaves ? bookings.Count : null);
    }

    /// <summary>Whether the account ceases to be what it can be booked as.</summary>
    private static bool Leaves(UpdateUser asked, Account account) => (asked.IsActive is false && account.IsActive) || (asked.Role is { } role && role != account.Role);

    /// <summary>
    /// Everybody may change themselves, administrators also others; whether one is at all is never one's own to change, and who one is not a patient's. To give what is there
    /// already is no change.
    /// </summary>
    private void Permit(UpdateUser asked, Account account)
    {
        var caller = db.Tenancy.Caller;
        var isSelf = caller.UserId == account.Id;
        if (!isSelf && !caller.Is(Callers.Admins)) throw new Forbidden("Only administrators change other users.");
        if (isSelf && asked.Role is { } role && role != account.Role) throw new Forbidden("Nobody changes their own role.");
        if (isSelf && asked.IsActive is false) throw new Forbidden("Nobody takes themselves out of use.");
        if (!caller.Is(Callers.Admins) && (Changes(asked.LicenseNumber, account.LicenseNumber) || Changes(asked.YearsOfExperience, account.YearsOfExperience)))
            throw new Forbidden("Only administrators change a licence or years of experience.");
        // Records, bookings and invoices know a patient by these: whoever could change them could be somebody else.
        if (caller.Is(Callers.Patient) && (Changes(asked.FirstName, account.FirstName) || Changes(asked.LastName, account.LastName) || Changes(asked.DateOfBirth, account.DateOfBirth)))
            throw new Forbidden("Patients do not change their own name or date of birth: ask your hospital.");
        RoleFields.Check(asked.Role ?? account.Role, asked.DateOfBirth.Value, asked.LicenseNumber.Value, asked.YearsOfExperience.Value, asked.IsAvailable, account);
    }

    private static bool Changes<T>(Optional<T?> asked, T? now) where T : struct => asked.IsGiven && !asked.Value.Equals(now);

    private static bool Changes(Optional<string?> asked, string? now) => asked.IsGiven && IsOther(asked.Value, now);

    private static bool Changes(string? asked, string? now) => asked is not null && IsOther(asked, now);

    /// <summary>Of a text, whether it is another: what was kept before texts were normalized is read as it would be today.</summary>
    private static bool IsOther(string? asked, string? now) => asked != (now is null ? null : PlainText.NormalizeLine(now));
}
