using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Identity.Accounts;
using MedCor.Platform.ServiceClients;

namespace MedCor.Identity.Users;

/// <summary>
/// Pauses bookings for a doctor or patient whose account is about to be deactivated or to get another role. Until Clinical receives the change, it books
/// nothing for the user.
/// </summary>
internal sealed class BookingPauseClient(ToolClient tools)
{
    /// <summary>
    /// Requests the pause from Clinical and returns the upcoming appointments. Call before the change: while Clinical cannot answer, nothing is changed.
    /// </summary>
    internal async Task<PausedBookings> PauseAsync(Account account, CancellationToken ct)
    {
        if (account is not { Role: Role.Doctor or Role.Patient, HospitalId: { } hospital }) return new(account.Version, [], 0);
        var upcoming = await tools.PostAsync<UpcomingBookings>("clinical", PauseBookings.Path, new PauseBookings(hospital, account.Id, account.Version), ct);
        return new(account.Version,
            [.. upcoming.Results.Select(a => new AffectedAppointment(a.Id, a.PatientId, a.DoctorId, a.AppointmentDate, a.AppointmentTime))], upcoming.Total);
    }
}

/// <summary>Represents the upcoming appointments of a doctor or patient whose bookings are paused.</summary>
/// <param name="Version">The version of the account when the pause began.</param>
/// <param name="Affected">The next upcoming appointments, at most 100; empty for an account that cannot be booked.</param>
/// <param name="Count">The number of upcoming appointments.</param>
internal sealed record PausedBookings(long Version, IReadOnlyList<AffectedAppointment> Affected, long Count)
{
    /// <summary>Throws <see cref="Conflict"/> when the account has changed since the pause, because that change may have ended the pause.</summary>
    internal void EnsureUnchanged(Account account)
    {
        if (account.Version != Version) throw CreateConflict();
    }

    /// <summary>Returns the error for a change to an account that was changed concurrently.</summary>
    internal static Conflict CreateConflict() =>
        new("The user was changed by another request at the same time. Read the user again, then retry.") { RetryAfter = 1 };
}
