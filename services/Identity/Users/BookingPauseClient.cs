using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Identity.Accounts;
using MedCor.Platform.Tools;

namespace MedCor.Identity.Users;

/// <summary>
/// Pauses bookings for a doctor or patient whose account is about to be deactivated or to get another role, and holds the upcoming appointments.
/// Until Clinical receives the change, it books nothing for the user.
/// </summary>
internal sealed class BookingPauseClient(ToolClient others)
{
    private long _pausedVersion;

    /// <summary>Gets the next upcoming appointments, at most 100; empty for a user who has none.</summary>
    internal IReadOnlyList<AffectedAppointment> Affected { get; private set; } = [];

    internal long Count { get; private set; }

    /// <summary>Requests the pause from Clinical before the change: while Clinical cannot answer, nothing is changed.</summary>
    internal async Task PauseAsync(Account account, CancellationToken ct)
    {
        _pausedVersion = account.Version;
        if (account is not { Role: Role.Doctor or Role.Patient, HospitalId: { } hospital }) return;
        var ahead = await others.PostAsync<UpcomingBookings>("clinical", PauseBookings.Path, new PauseBookings(hospital, account.Id, account.Version), ct);
        (Affected, Count) = ([.. ahead.Results.Select(a => new AffectedAppointment(a.Id, a.PatientId, a.DoctorId, a.AppointmentDate, a.AppointmentTime))], ahead.Total);
    }

    /// <summary>Throws <see cref="Conflict"/> when the account has changed since the pause, because that change may have ended the pause.</summary>
    internal void EnsureUnchanged(Account account)
    {
        if (account.Version != _pausedVersion) throw new Conflict("The user was changed by somebody else at the same moment. Read them again, then repeat.") { RetryAfter = 1 };
    }
}
