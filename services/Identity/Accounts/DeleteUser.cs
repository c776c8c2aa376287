using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Contracts.Identity;
using MedCor.Identity.Sessions;
using MedCor.ServiceDefaults.Problems;
using MedCor.ServiceDefaults.Tools;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Accounts;

internal sealed class DeleteUserHandler(IdentityDb db, LiveSessions sessions, OtherServices others, TimeProvider clock) : IHandle<DeleteUser, DeactivatedUser>, IPrepare<DeleteUser>
{
    private const int MostShown = 100;

    private IReadOnlyList<AffectedAppointment> affected = [];
    private long affectedCount;

    /// <summary>Clinical is asked first: while it cannot tell, nobody is taken out of use.</summary>
    public async Task Prepare(DeleteUser asked, CancellationToken ct)
    {
        var account = await db.Accounts.AsNoTracking().Find(asked.UserId, "user", ct);
        if (account.Role != Role.Doctor) return;

        var ahead = await others.List<Appointment>(
            "appointments", new { account.HospitalId, DoctorId = account.Id, Status = AppointmentStatus.Scheduled, StartsAt = new { Gte = clock.GetUtcNow() } }, "starts_at", MostShown, ct);
        affected = [.. ahead.Results.Select(a => new AffectedAppointment(a.Id, a.PatientId, a.DoctorId, a.AppointmentDate, a.AppointmentTime))];
        affectedCount = ahead.Total;
    }

    public async Task<DeactivatedUser> Handle(DeleteUser asked, CancellationToken ct)
    {
        var account = await db.Accounts.Include(a => a.Practices).ThenInclude(p => p.Specialty).Find(asked.UserId, "user", ct);
        if (account.Id == db.Tenancy.Caller.UserId) throw new Forbidden("Nobody takes themselves out of use.");

        if (account.IsActive)
        {
            account.IsActive = false;
            account.Tell(db, user => new UserDeactivated(user));
            await db.SaveChangesAsync(ct);
            await sessions.EndAllOf(account.Id, ct);
        }
        var user = account.ToUser();
        return new(
            user.Id, user.HospitalId, user.Email, user.FirstName, user.LastName, user.Role, user.PhoneNumber, user.DateOfBirth, user.LicenseNumber,
            user.YearsOfExperience, user.IsActive, user.Version, user.CreatedAt, user.UpdatedAt, affected, affectedCount);
    }
}
