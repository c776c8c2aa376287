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
/// Erases the contact data of an account, deactivates it and ends its sessions. The event of it has every service delete the rest, this one included: see
/// <see cref="MedCor.Platform.Tenancy.PersonalDataAttribute"/>.
/// </summary>
internal sealed class EraseUserHandler(IdentityDb db, SessionManager sessions, BookingPauseClient bookings, IHttpContextAccessor context)
    : IToolHandler<EraseUser, PausedBookings, ErasedUser>
{
    public async Task<PausedBookings> PrepareAsync(EraseUser request, CancellationToken ct)
    {
        db.Tenancy.Caller.RequireOwnLogIn("erase users");
        var account = await db.Accounts.AsNoTracking().GetRequiredAsync(request.UserId, "user", ct);
        if (account.Id == db.Tenancy.Caller.UserId) throw new Forbidden("Users cannot erase themselves. Ask another administrator.");
        return await bookings.PauseAsync(account, ct);
    }

    public async Task<ErasedUser> HandleAsync(EraseUser request, PausedBookings paused, CancellationToken ct)
    {
        var account = await db.Accounts.Include(a => a.SpecialtyLinks).ThenInclude(p => p.Specialty).GetRequiredAsync(request.UserId, "user", ct);
        if (account.ErasedAt is null)
        {
            paused.EnsureUnchanged(account);
            var email = account.Email;
            account.Erase(db.UtcNow);
            account.RaiseChanged(db, user => new UserDeactivated(user));
            var (caller, requestId) = (db.Tenancy.Caller, context.HttpContext!.RequestId());
            var erasure = new Erasure(account.Id, account.Role == Role.Patient, caller.UserId, AuditActor.RoleOf(caller.Kind), caller.SessionId, requestId);
            db.Raise(() => new UserErased(account.HospitalId, erasure, account.Version));
            await db.SaveChangesAsync(ct);
            // A mail that somebody requested for the address names no user.
            await db.Mails.Where(m => m.Recipient == email).ExecuteDeleteAsync(ct);
            await sessions.EndAllOfUserAsync(account.Id, ct);
        }
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
}
