using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Identity.Accounts;
using MedCor.Platform.Tools;

namespace MedCor.Identity.Users;

/// <summary>The appointments that a doctor or patient has still to come, when their account is about to go out of use or to get another role. Until Clinical hears of that, nobody books them.</summary>
internal sealed class BookingPauseClient(ToolClient others)
{
    private long _pausedVersion;

    /// <summary>The next hundred; empty of somebody who has none.</summary>
    internal IReadOnlyList<AffectedAppointment> Affected { get; private set; } = [];

    internal long Count { get; private set; }

    /// <summary>Asks Clinical, before the change: while it cannot tell, nothing is changed.</summary>
    internal async Task PauseAsync(Account account, CancellationToken ct)
    {
        _pausedVersion = account.Version;
        if (account is not { Role: Role.Doctor or Role.Patient, HospitalId: { } hospital }) return;
        var ahead = await others.PostAsync<UpcomingBookings>("clinical", PauseBookings.Path, new PauseBookings(hospital, account.Id, account.Version), ct);
        (Affected, Count) = ([.. ahead.Results.Select(a => new AffectedAppointment(a.Id, a.PatientId, a.DoctorId, a.AppointmentDate, a.AppointmentTime))], ahead.Total);
    }

    /// <summary>Throws <see cref="Conflict"/> when the account is not as it was: what changed it may have ended the pause.</summary>
    internal void EnsureUnchanged(Account account)
    {
        if (account.Version != _pausedVersion) throw new Conflict("The user was changed by somebody else at the same moment. Read them again, then repeat.") { RetryAfter = 1 };
    }
}
