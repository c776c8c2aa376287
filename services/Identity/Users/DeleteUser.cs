using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.Identity.Accounts;
using MedCor.Identity.Sessions;
using MedCor.Platform.Tools;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Users;

internal sealed class DeleteUserHandler(IdentityDb db, SessionManager sessions, BookingPauseClient bookings)
    : IToolHandler<DeleteUser, PausedBookings, DeactivatedUser>
{
    public async Task<PausedBookings> PrepareAsync(DeleteUser request, CancellationToken ct)
    {
        var account = await db.Accounts.AsNoTracking().GetRequiredAsync(request.UserId, "user", ct);
        if (account.Id == db.Tenancy.Caller.UserId) throw new Forbidden("Users cannot deactivate themselves.");
        return await bookings.PauseAsync(account, ct);
    }

    public async Task<DeactivatedUser> HandleAsync(DeleteUser request, PausedBookings paused, CancellationToken ct)
    {
        var account = await db.Accounts.Include(a => a.SpecialtyLinks).ThenInclude(p => p.Specialty).GetRequiredAsync(request.UserId, "user", ct);
        if (account.IsActive)
        {
            paused.EnsureUnchanged(account);
            account.IsActive = false;
            account.RaiseChanged(db, user => new UserDeactivated(user));
            await db.SaveChangesAsync(ct);
            await sessions.EndAllOfUserAsync(account.Id, ct);
        }
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
            Affected: paused.Affected,
            AffectedCount: paused.Count);
    }
}
