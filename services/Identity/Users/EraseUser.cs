using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.Identity.Accounts;
using MedCor.Identity.Sessions;
using MedCor.Platform.Audit;
using MedCor.Platform.Tools;
using MedCor.ServiceDefaults.Telemetry;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Users;

/// <summary>
/// Erases the contact data of an account, deactivates it and ends its sessions. Its login is deleted, unless it opens users of other hospitals. The event of it
/// has every service delete the rest, this one included: see <see cref="MedCor.Platform.Tenancy.PersonalDataAttribute"/>. Duplicates that were merged into a
/// patient are erased with the patient.
/// </summary>
internal sealed class EraseUserHandler(IdentityDb db, SessionManager sessions, BookingPauseClient bookings, IHttpContextAccessor context)
    : IToolHandler<EraseUser, PausedBookings, ErasedUser>
{
    public async Task<PausedBookings> PrepareAsync(EraseUser request, CancellationToken ct)
    {
        db.Tenancy.Caller.RequireOwnLogIn("erase users");
        var account = await db.Accounts.AsNoTracking().GetRequiredAsync(request.UserId, "user", ct);
        if (account.Id == db.Tenancy.Caller.UserId) throw new Forbidden("Users cannot erase themselves. Ask another administrator.");
        EnsureNotMerged(account);
        return await bookings.PauseAsync(account, ct);
    }

    public async Task<ErasedUser> HandleAsync(EraseUser request, PausedBookings paused, CancellationToken ct)
    {
        // Merges lock their patients too: one that is under way is seen below, and a later one sees the erasure.
        await db.Database.ExecuteSqlAsync(
            $"SELECT FROM users WHERE id = {request.UserId} OR merged_into_id = {request.UserId} ORDER BY id FOR UPDATE", ct);
        var account = await db.Accounts.Include(a => a.SpecialtyLinks).ThenInclude(p => p.Specialty).GetRequiredAsync(request.UserId, "user", ct);
        EnsureNotMerged(account);
        if (account.ErasedAt is null) paused.EnsureUnchanged(account);
        var all = await FindAllAsync(account, ct);
        var accounts = all.FindAll(a => a.ErasedAt is null);
        // A service that has missed the event of an earlier erasure hears of it again.
        all.FindAll(a => a.ErasedAt is not null).ForEach(RaiseErased);
        List<string?> addresses = [.. accounts.Select(a => a.Email)];
        accounts.ForEach(Erase);
        await db.SaveChangesAsync(ct);
        foreach (var erased in accounts) addresses.Add(await CloseAsync(erased.Id, ct));
        // A mail that somebody requested for the address names no user.
        addresses.RemoveAll(address => address is null);
        if (addresses.Count > 0) await db.Mails.Where(m => addresses.Contains(m.Recipient)).ExecuteDeleteAsync(ct);
        return new(
            Id: account.Id,
            HospitalId: account.HospitalId,
            Role: account.Role,
            IsActive: account.IsActive,
            ErasedAt: account.ErasedAt!.Value,
            Version: account.Version,
            CreatedAt: account.CreatedAt,
            UpdatedAt: account.UpdatedAt,
            Affected: paused.Affected,
            AffectedCount: paused.Count);
    }

    private static void EnsureNotMerged(Account account)
    {
        if (account.MergedIntoId is { } survivor)
            throw new Conflict("The patient was merged into another one. Erase that one.").WithDetail("surviving_patient_id", survivor);
    }

    private void Erase(Account account)
    {
        account.Erase(db.UtcNow);
        account.RaiseChanged(db, user => new UserDeactivated(user));
        RaiseErased(account);
    }

    private void RaiseErased(Account account)
    {
        var (caller, requestId) = (db.Tenancy.Caller, context.HttpContext!.RequestId());
        var erasure = new Erasure(account.Id, account.Role == Role.Patient, caller.UserId, AuditActor.RoleOf(caller.Kind), caller.SessionId, requestId);
        db.Raise(() => new UserErased(account.HospitalId, erasure, account.Version));
    }

    /// <summary>Returns an account and the duplicates that were merged into it, directly or one after the other.</summary>
    private async Task<List<Account>> FindAllAsync(Account account, CancellationToken ct)
    {
        List<Account> all = [account];
        for (var i = 0; i < all.Count; i++)
        {
            var id = all[i].Id;
            all.AddRange(await db.Accounts.Where(a => a.MergedIntoId == id).ToListAsync(ct));
        }
        return all;
    }

    /// <summary>
    /// Ends the sessions of a user and takes away the login, which is deleted unless it opens other users. Returns the address of a login that was deleted.
    /// </summary>
    private async Task<string?> CloseAsync(Guid user, CancellationToken ct)
    {
        var login = await LockLoginAsync(user, ct);
        await sessions.EndAllOfUserAsync(user, ct);
        var isShared = login is not null && await db.Memberships.AnyAsync(m => m.LoginId == login.Id && m.UserId != user, ct);
        await db.Memberships.Where(m => m.UserId == user).ExecuteUpdateAsync(m => m
            .SetProperty(x => x.LoginId, (Guid?)null).SetProperty(x => x.AwaitsLogin, false).SetProperty(x => x.LastLoginAt, (DateTimeOffset?)null), ct);
        if (login is null || isShared) return null;
        await DeleteAsync(login.Id, ct);
        return login.Email;
    }

    /// <summary>Returns the login of a user, to which no other user can be linked until the transaction ends; null when the user has none.</summary>
    private async Task<Login?> LockLoginAsync(Guid user, CancellationToken ct)
    {
        await db.Database.ExecuteSqlAsync(
            $"SELECT FROM logins WHERE id = (SELECT login_id FROM memberships WHERE user_id = {user}) FOR UPDATE", ct);
        return await db.Logins.AsNoTracking().SingleOrDefaultAsync(l => db.Memberships.Any(m => m.UserId == user && m.LoginId == l.Id), ct);
    }

    private async Task DeleteAsync(Guid login, CancellationToken ct)
    {
        await db.Authenticators.Where(a => a.LoginId == login).ExecuteDeleteAsync(ct);
        await db.RecoveryCodes.Where(c => c.LoginId == login).ExecuteDeleteAsync(ct);
        await db.Passkeys.Where(p => p.LoginId == login).ExecuteDeleteAsync(ct);
        await db.Logins.Where(l => l.Id == login).ExecuteDeleteAsync(ct);
    }
}
