using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Contracts.Identity;
using MedCor.Identity.Accounts;
using MedCor.Identity.Sessions;
using MedCor.Platform.Tools;
using MedCor.ServiceDefaults.Telemetry;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Users;

/// <summary>
/// Erases the contact data of an account, deactivates it and ends its sessions. The event of it has every service delete the rest, this one included: see
/// <see cref="MedCor.Platform.Tenancy.PersonalDataAttribute"/>. Duplicates that were merged into a patient are erased with the patient.
/// </summary>
internal sealed class EraseUserHandler(IdentityDb db, SessionManager sessions, BookingPauseClient bookings, IHttpContextAccessor context)
    : IToolHandler<EraseUser, PausedBookings, ErasedUser>
{
    public async Task<PausedBookings> PrepareAsync(EraseUser request, CancellationToken ct)
    {
        db.Tenancy.Caller.RequireOwnLogIn("erase users");
        var account = await db.Accounts.AsNoTracking().GetRequiredAsync(request.UserId, "user", ct);
        if (account.Id == db.Tenancy.Caller.UserId) throw new Forbidden("Users cannot erase themselves. Ask another administrator.");
        if (account.MergedIntoId is { } survivor)
            throw new Conflict("The patient was merged into another one. Erase that one.").WithDetail("surviving_patient_id", survivor);
        return await bookings.PauseAsync(account, ct);
    }

    public async Task<ErasedUser> HandleAsync(EraseUser request, PausedBookings paused, CancellationToken ct)
    {
        var account = await db.Accounts.Include(a => a.SpecialtyLinks).ThenInclude(p => p.Specialty).GetRequiredAsync(request.UserId, "user", ct);
        if (account.ErasedAt is null)
        {
            paused.EnsureUnchanged(account);
            var accounts = await FindAllAsync(account, ct);
            List<string?> emails = [.. accounts.Select(a => a.Email)];
            accounts.ForEach(Erase);
            await db.SaveChangesAsync(ct);
            // A mail that somebody requested for the address names no user.
            await db.Mails.Where(m => emails.Contains(m.Recipient)).ExecuteDeleteAsync(ct);
            foreach (var erased in accounts) await sessions.EndAllOfUserAsync(erased.Id, ct);
        }
        return new(
            Id: account.Id,
            HospitalId: account.HospitalId,
            IsActive: account.IsActive,
            ErasedAt: account.ErasedAt!.Value,
            Version: account.Version,
            CreatedAt: account.CreatedAt,
            UpdatedAt: account.UpdatedAt,
            Affected: paused.Affected,
            AffectedCount: paused.Count);
    }

    private void Erase(Account account)
    {
        account.Erase(db.UtcNow);
        account.RaiseChanged(db, user => new UserDeactivated(user));
        var caller = db.Tenancy.Caller;
        var erasure = new Erasure(
            account.Id, caller.UserId, Enum.Parse<ActingRole>(caller.Kind.ToString()), caller.SessionId, context.HttpContext!.RequestId());
        db.Raise(() => new UserErased(account.HospitalId, erasure, account.Version));
    }

    /// <summary>Returns an account and the duplicates that were merged into it, directly or one after the other.</summary>
    private async Task<List<Account>> FindAllAsync(Account account, CancellationToken ct)
    {
        List<Account> all = [account];
        for (var i = 0; i < all.Count; i++)
        {
            var id = all[i].Id;
            all.AddRange(await db.Accounts.Where(a => a.MergedIntoId == id && a.ErasedAt == null).ToListAsync(ct));
        }
        return all;
    }
}
